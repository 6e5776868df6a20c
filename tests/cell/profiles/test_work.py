"""FLOP and their share of the peak, on networks that can be counted by hand."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from bench.cell.profiles import work
from bench.contracts.networks import FrozenPart
from tests.material.rehearsals import SIDE, Convolution, a_fitted, a_rehearsal, a_trace

FIRST = 2 * SIDE * SIDE * 4 * 3 * 9
SECOND = 2 * (SIDE // 2) ** 2 * 6 * 4 * 9
HEAD = 2 * 6 * 5
FORWARD = FIRST + SECOND + HEAD
BATCH = 3


def learn(model: Convolution, *names: str) -> Convolution:
    """Let only the named modules learn."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.split(".")[0] in names)
    return model


def step_flop(fitted: Any) -> float:
    """Return the FLOP of a step for each image of its batch."""
    return work.step_flop(fitted, SIDE, BATCH) / BATCH


@pytest.mark.parametrize(
    ("learning", "step"),
    [
        (("first", "second", "head"), FORWARD + FIRST + 2 * (SECOND + HEAD)),
        (("second", "head"), FORWARD + SECOND + 2 * HEAD),
        (("head",), FORWARD + HEAD),
        (("first",), FORWARD + FIRST + SECOND + HEAD),
        ((), FORWARD),
    ],
    ids=["all learns", "the last learn", "the head learns", "the first learns", "all is frozen"],
)
def test_a_step_is_the_forward_pass_and_the_gradients_that_are_needed(learning: tuple[str, ...], step: int) -> None:
    """Images need none, nor do frozen weights; a multiplication with its addition counts as two."""
    fitted = a_fitted(learn(Convolution(), *learning))
    assert (work.forward_flop(fitted, SIDE), step_flop(fitted)) == (FORWARD, step)


class Features(nn.Module):
    """A convolution without its head, as a backbone."""

    def __init__(self, whole: Convolution) -> None:
        super().__init__()
        self.first, self.second = whole.first, whole.second

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return features (B, 6)."""
        return torch.relu(self.second(torch.relu(self.first(images)))).mean((2, 3))


class Behind(nn.Module):
    """What comes behind the first convolution."""

    def __init__(self, whole: Convolution) -> None:
        super().__init__()
        self.second, self.head = whole.second, whole.head

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 5)."""
        return self.head(torch.relu(self.second(torch.relu(maps))).mean((2, 3)))


@pytest.mark.parametrize("flagged", [False, True], ids=["flagged as frozen", "as it was built"])
def test_a_step_on_features_is_the_heads_alone(flagged: bool) -> None:
    """What was computed once is in no step, whatever its parameters' flags say; it is in the forward pass.

    Nor do features take a gradient: the head's weights alone do.
    """
    whole = Convolution()
    backbone = Features(whole)
    backbone.requires_grad_(flagged)
    model = nn.Sequential(backbone, whole.head)
    fitted = a_fitted(model, FrozenPart("features", backbone), module=whole.head)
    assert (work.forward_flop(fitted, SIDE), step_flop(fitted)) == (FORWARD, 2 * HEAD)


def test_a_step_behind_a_frozen_part_is_what_comes_after_it() -> None:
    """The part is in the forward pass only, and what comes after it takes its outputs."""
    whole = learn(Convolution(), "second", "head")
    fitted = a_fitted(whole, FrozenPart("up to first", whole.first), module=Behind(whole))
    assert (work.forward_flop(fitted, SIDE), step_flop(fitted)) == (FORWARD, SECOND + HEAD + SECOND + 2 * HEAD)


class Looks(nn.Module):
    """A network that looks at its data."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images, where they are bright."""
        return images if images.sum().item() > 0 else -images


@pytest.fixture
def peak(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Peaks that are measured one after another, FLOP per second; what is left is what nobody asked for."""
    peaks = [1e9, 2e9]
    monkeypatch.setattr(work, "peak_flop_per_s", lambda device, precision: peaks.pop(0))
    monkeypatch.setattr(work, "peak_again", lambda device, precision: peaks.pop(0))
    return peaks


def test_a_network_that_cannot_run_without_data_is_not_counted(tmp_path: Path, peak: list[float]) -> None:
    """The record says why; the peak is the machine's all the same."""
    found = work.profile(a_rehearsal(tmp_path, model=Looks()))
    assert found.keys() == {"peak_gflop_per_s", "flop_reason", "mfu_reason"}
    assert found["flop_reason"].startswith("it can't run without data (")


def test_a_product_counts_by_its_shortest_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the three sides, over the best of some seconds."""
    times = iter([0.0, 1.0, 1.0, 1.25, 2.0, 2.5])
    monkeypatch.setattr(work.time, "perf_counter", lambda: next(times))
    assert work._flop_per_s((16, 8, 4), "cpu", "fp32", 3) == 2 * 16 * 8 * 4 / 0.25


@pytest.mark.parametrize(
    ("measure", "seconds", "shapes"),
    [
        (work.peak_flop_per_s, work.PEAK_S, [(16, 16, 16), (8, 8, 8), (4, 4, 4)]),
        (work.peak_again, work.AGAIN_S, [(16, 16, 16), (8, 8, 8), (4, 4, 4), (24, 24, 24), (64, 8, 8)]),
    ],
    ids=["at first", "again"],
)
def test_the_peak_is_the_best_of_products_of_several_shapes(
    monkeypatch: pytest.MonkeyPatch, measure: Any, seconds: float, shapes: list[tuple[int, int, int]]
) -> None:
    """For some seconds; each shape has its turn, and short ones are many."""
    now = [0.0]
    tried: list[tuple[tuple[int, int, int], int]] = []

    def measured(shape: tuple[int, int, int], device: str, precision: str, times: int) -> float:
        tried.append((shape, times))
        now[0] += seconds / 2 / len(shapes) + 1e-6
        return 100.0 - abs(len(tried) - 2)

    monkeypatch.setattr(work.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(work, "_flop_per_s", measured)
    monkeypatch.setitem(work.SIDES, "cpu", 16)
    assert measure("cpu", "fp32") == 100.0
    assert [shape for shape, _ in tried] == shapes * 2
    assert dict(tried)[4, 4, 4] == 16


STEP = 16 * (2 * FORWARD + SECOND + HEAD)
"""FLOP of a step of the made-up training: 16 images, all learns."""


def test_mfu_is_the_steps_arithmetic_per_second_over_the_peak(tmp_path: Path, peak: list[float]) -> None:
    """By the median step after the warm-up; the peak is measured once for a run."""
    found = work.profile(a_rehearsal(tmp_path))
    assert found == {
        "forward_gflop": FORWARD / 1e9,
        "step_gflop": STEP / 1e9,
        "peak_gflop_per_s": 1.0,
        "mfu": pytest.approx(STEP / 0.02 / 1e9),
    }
    solved = work.profile(a_rehearsal(tmp_path, trace=None))
    assert solved == {"forward_gflop": FORWARD / 1e9, "peak_gflop_per_s": 1.0}
    assert peak == [2e9]


def test_mfu_is_of_full_batches(tmp_path: Path, peak: list[float]) -> None:
    """Every other batch has two images and takes a millisecond; with them the same steps would seem twice as fast."""
    mixed = a_trace(wall_s=[9.0, *[0.02, 0.001] * 20], images=[16, *[16, 2] * 20])
    assert work.profile(a_rehearsal(tmp_path, trace=mixed))["mfu"] == pytest.approx(STEP / 0.02 / 1e9)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"wall_s": [9.0, 0.001], "images": [16, 2]}, "no step on a full batch after the warm-up"),
        ({"wall_s": [9.0]}, "no step on a full batch after the warm-up"),
        ({"wall_s": [9.0, 0.0, 0.0]}, "no step on a full batch after the warm-up"),
        ({"growing": True}, "more learns from step to step: no step stands for all"),
    ],
    ids=["a short batch alone", "warm-up alone", "no time at all", "more learns on the way"],
)
def test_a_training_whose_steps_tell_nothing_has_no_mfu(
    tmp_path: Path, peak: list[float], changes: dict[str, Any], reason: str
) -> None:
    """The record says why."""
    found = work.profile(a_rehearsal(tmp_path, trace=a_trace(**changes)))
    assert (found.get("mfu"), found["mfu_reason"]) == (None, reason)


def test_a_step_above_the_peak_has_it_measured_again(tmp_path: Path, peak: list[float]) -> None:
    """It was measured while the machine was busy. The better one counts from then on, for all cells of the run."""
    fast = a_rehearsal(tmp_path, trace=a_trace(wall_s=[9.0, *[STEP / 1.5e9] * 8]))
    found = work.profile(fast)
    assert (found["peak_gflop_per_s"], found["mfu"], found.get("mfu_reason")) == (2.0, pytest.approx(0.75), None)
    assert work.profile(a_rehearsal(tmp_path))["peak_gflop_per_s"] == 2.0
    assert peak == []


@pytest.mark.parametrize(("again", "kept"), [(2e9, 2.0), (5e8, 1.0)], ids=["higher", "lower"])
def test_a_step_that_stays_above_the_peak_has_no_mfu(
    tmp_path: Path, peak: list[float], again: float, kept: float
) -> None:
    """Never clamped; a second peak that is lower is none."""
    peak[1] = again
    found = work.profile(a_rehearsal(tmp_path, trace=a_trace(wall_s=[9.0, *[STEP / 4e9] * 8])))
    assert (found.get("mfu"), found["peak_gflop_per_s"]) == (None, kept)
    assert found["mfu_reason"] == f"a step reaches {4 / kept * 100:.0f} % of the peak, which was measured twice"
