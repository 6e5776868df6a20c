"""What the GPU's driver told, over the seeds of a row."""

from typing import Any

import pytest

from bench.answers.rows.gpu_states import gpu_state_of
from bench.records.record import Record
from tests.material.examples import a_record

UNTOLD = dict.fromkeys(("sm_mhz", "memory_mhz", "celsius", "watts", "joules", "throttled_by", "other_processes"), None)


def a_snapshot(**changes: Any) -> dict[str, Any]:
    told = {"sm_mhz": 1980, "memory_mhz": 2619, "celsius": 40, "watts": 300.0, "joules": 1.0, "throttled_by": []}
    return {**told, "other_processes": 0, **changes}


def on_gpu(
    seed: int, after: dict[str, Any] | None = None, before: dict[str, Any] | None = None, **changes: Any
) -> Record:
    state = {"before": before or a_snapshot(), "after": after or a_snapshot(), "joules": 500.0, "others": 0, **changes}
    return a_record(cell_id=str(seed), seed=seed, gpu_state=state)


def test_figures_are_means_of_what_was_after_training() -> None:
    """Before it the GPU was idle."""
    idle = a_snapshot(sm_mhz=345, watts=70.0, celsius=30)
    found = gpu_state_of([on_gpu(0, a_snapshot(sm_mhz=1900, watts=400.0), idle), on_gpu(1, before=idle, joules=700.0)])
    assert found is not None
    assert found.sm_mhz is not None
    assert found.watts is not None
    assert found.joules is not None
    assert (found.sm_mhz.mean, found.watts.mean, found.joules.mean) == (1940, 350.0, 600.0)
    assert found.sm_mhz.n == 2
    assert (found.throttled_by, found.told_throttling, found.other_processes) == ({}, 2, 0)


def test_what_held_the_clocks_back_is_counted_in_cells() -> None:
    """Before or after, once for each cell; the most other processes count."""
    capped = a_snapshot(throttled_by=["power cap"])
    hot = a_snapshot(throttled_by=["power cap", "thermal, software"])
    found = gpu_state_of([on_gpu(0, capped, capped), on_gpu(1, hot, others=3), on_gpu(2)])
    assert found is not None
    assert found.throttled_by == {"power cap": 2, "thermal, software": 1}
    assert (found.told_throttling, found.other_processes) == (3, 3)


def test_what_a_driver_does_not_tell_is_null() -> None:
    """A slice of a GPU tells no power; nothing is not zero."""
    found = gpu_state_of([on_gpu(0, UNTOLD, UNTOLD, joules=None, others=None)])
    assert found is not None
    assert (found.sm_mhz, found.watts, found.joules) == (None, None, None)
    assert (found.throttled_by, found.told_throttling, found.other_processes) == (None, 0, None)


@pytest.mark.parametrize("seeds", [1, 3])
def test_cells_elsewhere_have_no_state(seeds: int) -> None:
    assert gpu_state_of([a_record(seed=seed) for seed in range(seeds)]) is None
    assert gpu_state_of([on_gpu(0), *(a_record(seed=seed + 1) for seed in range(seeds))]) is not None
