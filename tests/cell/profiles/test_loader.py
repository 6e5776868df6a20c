"""Whether a step waits for its data, on steps of which it is known."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bench.cell.profiles import loader
from bench.contracts.training import Watch
from tests.material.rehearsals import a_rehearsal, a_trace


class Numbered:
    """Inputs that count what is read and placed."""

    def __init__(self) -> None:
        self.read_: list[int] = []
        self.placed = 0

    def read(self, index: Any, generator: torch.Generator | None) -> torch.Tensor:
        """Return the batch's number."""
        self.read_.append(len(index))
        return torch.full((len(index),), len(self.read_))

    def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """Return the batch, a hundred higher."""
        self.placed += 1
        return batch + 100


def feed(watch: Watch, sizes: Sequence[int]) -> tuple[Numbered, list[int]]:
    """Read batches of some sizes through a watch; return their source and their numbers."""
    source = Numbered()
    inputs = watch.inputs(source)
    numbers = []
    for size in sizes:
        batch = inputs.place(inputs.read(np.arange(size), None), None)
        assert len(batch) == size
        numbers.append(int(batch[0]))
    return source, numbers


def test_every_other_step_has_the_batch_of_the_one_before() -> None:
    """It is neither read nor placed again."""
    watch = loader.Turns(6)
    source, numbers = feed(watch, [4] * 6)
    assert numbers == [101, 101, 102, 102, 103, 103]
    assert (len(source.read_), source.placed) == (3, 3)
    assert watch.twins == [False, True] * 3


def test_a_batch_of_another_size_has_a_twin_of_its_own() -> None:
    """The last batch of an epoch is smaller; a step never gets images that are not as many as its labels."""
    watch = loader.Turns(7)
    _, numbers = feed(watch, [4, 3, 4, 4, 3, 4, 3])
    assert numbers == [101, 102, 101, 103, 102, 103, 104]
    assert watch.twins == [False, False, True, False, True, True, False]


@pytest.mark.parametrize(
    ("real_s", "twin_s", "bound_by"),
    [
        (0.2, 0.1, "loader"),
        (0.112, 0.1, "loader"),
        (0.108, 0.1, "compute"),
        (0.1, 0.1, "compute"),
        (0.092, 0.1, "compute"),
    ],
)
def test_steps_that_are_slower_on_real_data_are_bound_by_the_loader(
    tmp_path: Path, real_s: float, twin_s: float, bound_by: str
) -> None:
    """By more than a tenth; warm-up says nothing, nor do batches that are smaller or have taken one image along."""
    found = loader.profile(a_rehearsal(tmp_path, again=lambda watch: turned(watch, real_s, twin_s)))
    assert found == {"synthetic_ratio": pytest.approx(real_s / twin_s), "bound_by": bound_by}


def turned(watch: Watch, real_s: float, twin_s: float) -> Any:
    """Return a training whose full batches, of four images, take so long on real data and on data that is there."""
    assert isinstance(watch, loader.Turns)
    sizes = [4, 4, 4, 4, 4, 3, 4, 3, 5, 5, 5, 3, 3]
    feed(watch, sizes)
    seconds = [twin_s if twin else real_s for twin in watch.twins]
    seconds[: loader.WARMUP] = [50.0, 0.0, 70.0, 0.0]
    seconds = [each if size == 4 else 99.0 for size, each in zip(sizes, seconds, strict=True)]
    return SimpleNamespace(trace=a_trace(wall_s=seconds, images=sizes, batch_effective=4))


def test_a_ratio_that_cannot_be_is_measured_again(tmp_path: Path) -> None:
    """Data that is there make no step slower: a neighbour did. All that was measured counts."""
    passes = iter([(0.1, 0.2), (0.1, 0.08)])
    found = loader.profile(a_rehearsal(tmp_path, again=lambda watch: turned(watch, *next(passes))))
    assert found["bound_by_reason"].startswith("steps on data that was there seemed to take 1.40 times as long")
    passes = iter([(0.1, 0.12), (0.13, 0.1)])
    found = loader.profile(a_rehearsal(tmp_path, again=lambda watch: turned(watch, *next(passes))))
    assert found == {"synthetic_ratio": pytest.approx(0.115 / 0.11), "bound_by": "compute"}


def test_a_ratio_that_stays_impossible_is_no_ratio(tmp_path: Path) -> None:
    """Never clamped: the record has null, and why."""
    trained: list[Watch] = []

    def again(watch: Watch) -> Any:
        trained.append(watch)
        return turned(watch, 0.1, 0.2)

    reason = "steps on data that was there seemed to take 2.00 times as long as on real data, in 2 passes"
    assert loader.profile(a_rehearsal(tmp_path, again=again)) == {"bound_by_reason": reason}
    assert len(trained) == loader.PASSES


def test_steps_of_several_loops_give_no_verdict(tmp_path: Path) -> None:
    """Nobody knows which of them the trace is of."""

    def again(watch: Watch) -> Any:
        feed(watch, [4] * 20)
        return SimpleNamespace(trace=a_trace(wall_s=[0.1] * 10))

    found = loader.profile(a_rehearsal(tmp_path, again=again))
    assert found == {"bound_by_reason": "the method trains in more than one loop"}


@pytest.mark.parametrize("steps", [1, loader.WARMUP, loader.WARMUP + 1])
def test_too_few_steps_give_no_verdict(tmp_path: Path, steps: int) -> None:
    """One of each kind is the least."""

    def again(watch: Watch) -> Any:
        feed(watch, [4] * steps)
        return SimpleNamespace(trace=a_trace(wall_s=[0.1] * steps, batch_effective=16))

    found = loader.profile(a_rehearsal(tmp_path, again=again))
    assert found == {"bound_by_reason": "too few full batches after 4 steps of warm-up, or too short ones"}
