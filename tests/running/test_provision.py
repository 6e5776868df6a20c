"""What is told about weights before the cells run."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.data import Places
from bench.outcomes import Outcome
from bench.running.executors.inline import InlineExecutor
from bench.running.jobs import Job
from bench.running.provision import provide
from bench.running.weights import ReadyWeights
from tests.material import tiny


class Measured(InlineExecutor):
    """An executor whose weights' steps take as long as a test says."""

    def __init__(self, step_s: float, single_s: float | None) -> None:
        super().__init__()
        self.seconds: dict[str, Any] = {"step_s": step_s, "single_s": single_s}

    def run(self, jobs: Sequence[Job], progress: Callable[[int, str, int, int], None]) -> Iterator[tuple[int, Outcome]]:
        """Yield what the jobs give."""
        for position, outcome in super().run(jobs, progress):
            if isinstance(outcome.value, ReadyWeights):
                outcome = Outcome(dataclasses.replace(outcome.value, **self.seconds))
            yield position, outcome


@pytest.mark.parametrize(
    ("step_s", "single_s", "told"),
    [(0.067, 0.045, True), (0.067, 0.06, False), (0.045, 0.067, False), (0.067, None, False)],
    ids=["too small for threads", "hardly", "threads pay", "not tried"],
)
def test_network_too_small_for_several_threads_is_told_of(
    tmp_path: Path, places: Places, step_s: float, single_s: float | None, told: bool
) -> None:
    """With both times, and what to write."""
    cells = tiny.cells_of(tiny.write_suite(tmp_path), ["grid.method=finetune", "grid.labels_per_class=[6]"])
    screen = tiny.Quiet()
    cells = [dataclasses.replace(cell, threads=2) for cell in cells]
    provide(cells, places, Measured(step_s, single_s), screen)
    wanted = (
        "test_resnet: a training step took 45 ms on one thread and 67 ms on 2; threads: 1 in the suite would be faster"
    )
    assert (wanted in screen.lines) == told
    assert any("took" in line for line in screen.lines) == told
