"""Resampling tells what duels are worth: checked on restarts whose noise is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.gate.duel.driver import MEMORY, TIME
from tests.tools.gate.power import Restart, false_alarms, power, read, table
from tests.tools.gate.record import RESTARTS


def drawn(spread: float, mean: float = 0.0, count: int = 200) -> list[Restart]:
    """Return restarts of five workloads."""
    values = np.random.default_rng(3).normal(mean, spread, (count, 5))
    return [{f"workload{place}": float(each) for place, each in enumerate(row)} for row in values]


def test_quiet_restarts_alarm_never_and_find_a_tenth_at_once() -> None:
    generator = np.random.default_rng(0)
    quiet = drawn(0.01)
    assert false_alarms(quiet, 50, generator) == (0.0, 0.0)
    looks, both = power(quiet, 0.10, 50, generator)
    assert looks == [1.0, 1.0, 1.0]
    assert both == 1.0


def test_a_machine_that_favours_one_side_is_seen() -> None:
    """A simulation that could not alarm would show nothing."""
    alarms, _ = false_alarms(drawn(0.01, mean=0.10), 20, np.random.default_rng(0))
    assert alarms == 1.0


def test_noise_costs_restarts_and_then_knowledge() -> None:
    """Power grows with looks and with the change, and falls with noise."""
    generator = np.random.default_rng(0)
    looks, both = power(drawn(0.05), 0.10, 60, generator)
    assert looks[0] < looks[1] <= looks[2]
    assert both <= looks[2]
    assert power(drawn(0.05), 0.20, 60, generator)[0][0] > looks[0]
    assert false_alarms(drawn(0.25), 20, generator)[1] > 0.5


def test_the_table_has_a_row_for_each_kind_of_company(tmp_path: Path) -> None:
    """Read from the file that recording appends to."""
    path = tmp_path / "restarts.jsonl"
    with path.open("a") as stream:
        for busy in (0, 2):
            for restart in drawn(0.01, count=20):
                stream.write(json.dumps({"busy": busy, TIME: restart, MEMORY: restart}) + "\n")
    kinds = read(path)
    assert {busy: len(restarts) for busy, restarts in kinds.items()} == {0: 20, 2: 20}
    rows = table(kinds, 10).splitlines()
    assert len(rows) == 4
    assert rows[2].startswith("| 0 busy beside | 20 ")
    assert "| 0.0 % " in rows[2]


@pytest.mark.parametrize("busy", [0, 2])
def test_recorded_restarts_keep_the_promise(busy: int) -> None:
    """At most one false alarm in a hundred duels of equals, and 95 in a hundred see a tenth more, quiet or busy."""
    restarts, generator = read(RESTARTS)[busy], np.random.default_rng(0)
    assert false_alarms(restarts, 200, generator)[0] <= 0.01
    assert power(restarts, 0.10, 200, generator)[1] >= 0.95
