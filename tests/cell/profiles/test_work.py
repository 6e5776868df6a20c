"""FLOP and their share of the peak, on networks that can be counted by hand."""

from pathlib import Path

import pytest
import torch
from torch import nn

from bench.cell.profiles import work
from bench.contracts.networks import FrozenPart
from tests.material.rehearsals import SIDE, Convolution, a_fitted, a_rehearsal

FIRST = 2 * SIDE * SIDE * 4 * 3 * 9
SECOND = 2 * (SIDE // 2) ** 2 * 6 * 4 * 9
HEAD = 2 * 6 * 5
FORWARD = FIRST + SECOND + HEAD


def learn(model: Convolution, *names: str) -> Convolution:
    """Let only the named modules learn."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.split(".")[0] in names)
    return model


@pytest.mark.parametrize(
    ("learning", "step"),
    [
        (("first", "second", "head"), 3 * FORWARD),
        (("second", "head"), FORWARD + 2 * (SECOND + HEAD)),
        (("head",), FORWARD + 2 * HEAD),
        ((), FORWARD),
    ],
    ids=["all learns", "the last learn", "the head learns", "all is frozen"],
)
def test_a_step_is_the_forward_pass_and_twice_what_learns(learning: tuple[str, ...], step: int) -> None:
    """A multiplication with its addition counts as two, for one image."""
    assert work.count(a_fitted(learn(Convolution(), *learning)), SIDE) == (FORWARD, step)


def test_gradients_pass_through_what_lies_behind_the_first_that_learns() -> None:
    """Frozen weights pass gradients on, which is half of a backward pass, and get none themselves."""
    step = FORWARD + 2 * FIRST + SECOND + HEAD
    assert work.count(a_fitted(learn(Convolution(), "first")), SIDE) == (FORWARD, step)


class Features(nn.Module):
    """A convolution without its head, as a backbone."""

    def __init__(self, whole: Convolution) -> None:
        super().__init__()
        self.first, self.second = whole.first, whole.second

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return features (B, 6)."""
        return torch.relu(self.second(torch.relu(self.first(images)))).mean((2, 3))


@pytest.mark.parametrize("flagged", [False, True], ids=["flagged as frozen", "as it was built"])
def test_a_step_on_features_is_the_heads_alone(flagged: bool) -> None:
    """What was computed once is in no step, whatever its parameters' flags say; it is in the forward pass."""
    whole = Convolution()
    backbone = Features(whole)
    backbone.requires_grad_(flagged)
    model = nn.Sequential(backbone, whole.head)
    fitted = a_fitted(model, FrozenPart("features", backbone), module=whole.head)
    assert work.count(fitted, SIDE) == (FORWARD, 3 * HEAD)


def test_a_step_behind_a_frozen_part_is_what_comes_after_it() -> None:
    """The part is in the forward pass only."""
    whole = learn(Convolution(), "second", "head")
    assert work.count(a_fitted(whole, FrozenPart("up to first", whole.first)), SIDE) == (FORWARD, 3 * (SECOND + HEAD))


def test_a_count_changes_nothing_of_the_network() -> None:
    """Weights, flags, mode and hooks."""
    model = learn(Convolution(), "head").train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    work.count(a_fitted(model), SIDE)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert [parameter.requires_grad for parameter in model.parameters()] == [False] * 4 + [True] * 2
    assert model.training
    assert not model.head._forward_hooks


class Looks(nn.Module):
    """A network that looks at its data."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images, where they are bright."""
        return images if images.sum().item() > 0 else -images


def test_a_network_that_cannot_run_without_data_is_not_counted(tmp_path: Path) -> None:
    """The record has nulls."""
    rehearsal = a_rehearsal(tmp_path, model=Looks())
    assert work.count(rehearsal.fitted, SIDE) is None
    assert work.profile(rehearsal) == {}


def test_the_peak_is_the_best_of_some_large_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the cube of the side, over the shortest time."""
    times = iter([0.0, 1.0, 1.0, 1.25, 2.0, 2.5, *range(10, 10 + 2 * work.PRODUCTS - 6)])
    monkeypatch.setattr(work.time, "perf_counter", lambda: next(times))
    monkeypatch.setitem(work.SIDES, "cpu", 16)
    assert work.peak_flop_per_s("cpu", "fp32") == 2 * 16**3 / 0.25


def test_mfu_is_the_steps_arithmetic_per_second_over_the_peak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the median step after the warm-up; the peak is measured once for a run."""
    measured: list[tuple[str, str]] = []

    def peak(device: str, precision: str) -> float:
        measured.append((device, precision))
        return 1e9

    monkeypatch.setattr(work, "peak_flop_per_s", peak)
    found = work.profile(a_rehearsal(tmp_path))
    assert found == {
        "forward_gflop": FORWARD / 1e9,
        "step_gflop": 16 * 3 * FORWARD / 1e9,
        "peak_gflop_per_s": 1.0,
        "mfu": pytest.approx(16 * 3 * FORWARD / 0.02 / 1e9),
    }
    solved = work.profile(a_rehearsal(tmp_path, trace=None))
    assert solved == {"forward_gflop": FORWARD / 1e9, "peak_gflop_per_s": 1.0}
    assert measured == [("cpu", "fp32")]
