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
from tests.material.rehearsals import a_rehearsal


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
        (0.1, 0.2, "compute"),
    ],
)
def test_steps_that_are_slower_on_real_data_are_bound_by_the_loader(
    tmp_path: Path, real_s: float, twin_s: float, bound_by: str
) -> None:
    """By more than a tenth; warm-up and smaller batches say nothing."""

    def again(watch: Watch) -> Any:
        assert isinstance(watch, loader.Turns)
        sizes = [4, 4, 4, 4, 4, 3, 4, 3, 3, 3]
        feed(watch, sizes)
        seconds = [twin_s if twin else real_s for twin in watch.twins]
        seconds[: loader.WARMUP] = [50.0, 0.0, 70.0, 0.0]
        seconds = [99.0 if size == 3 else each for size, each in zip(sizes, seconds, strict=True)]
        return SimpleNamespace(trace=SimpleNamespace(wall_s=seconds, images=sizes))

    found = loader.profile(a_rehearsal(tmp_path, again=again))
    assert found == {"synthetic_ratio": pytest.approx(real_s / twin_s), "bound_by": bound_by}


@pytest.mark.parametrize("steps", [1, loader.WARMUP, loader.WARMUP + 1])
def test_too_few_steps_give_no_verdict(tmp_path: Path, steps: int) -> None:
    """One of each kind is the least."""

    def again(watch: Watch) -> Any:
        feed(watch, [4] * steps)
        return SimpleNamespace(trace=SimpleNamespace(wall_s=[0.1] * steps, images=[4] * steps))

    assert loader.profile(a_rehearsal(tmp_path, again=again)) == {}
