"""The gradient loop's parts: divergence, stopping, checkpoints, modes, compilation."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from bench.contracts.training import Score
from bench.errors import Diverged, InvalidData
from bench.learning.training import (
    Checkpoints,
    Trained,
    check_finite,
    compiled,
    evaluating,
    optimizer_is_exact,
    stalled,
)
from bench.schema import Training


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_loss_that_is_not_finite_is_a_divergence(loss: float) -> None:
    """The message names the first such step, from one on, and what to do."""
    losses = [torch.tensor(value) for value in (2.3, 2.0, loss, math.nan)]
    with pytest.raises(Diverged, match=r"step 3\b.*learning_rate"):
        check_finite(losses, 3)
    check_finite(losses[:2], 1)


@pytest.mark.parametrize(
    ("accuracies", "patience", "stops"),
    [
        ([0.5, 0.4, 0.3], None, False),
        ([0.5], 1, False),
        ([0.5, 0.4], 1, True),
        ([0.5, 0.5], 1, True),
        ([0.5, 0.6], 1, False),
        ([0.5, 0.4], 2, False),
        ([0.5, 0.4, 0.5], 2, True),
        ([0.5, 0.4, 0.6], 2, False),
        ([], 1, False),
    ],
)
def test_training_stops_when_validation_stalls(accuracies: list[float], patience: int | None, stops: bool) -> None:
    """After so many checkpoints that brought nothing better."""
    assert stalled(accuracies, patience) is stops


def test_optimiser_must_hold_each_trainable_parameter_once() -> None:
    """One missing, one frozen among them, one twice, one of another module: each is noticed."""
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    module[0].requires_grad_(False)
    trainable = list(module[1].parameters())

    def exact(*groups: list[nn.Parameter]) -> bool:
        optimizer = torch.optim.SGD([{"params": []}], lr=0.1)
        optimizer.param_groups = [{"params": group} for group in groups]
        return optimizer_is_exact(optimizer, module)

    assert exact(trainable)
    assert exact(trainable[:1], trainable[1:])
    assert not exact(trainable[:1])
    assert not exact([*trainable, module[0].weight])
    assert not exact(trainable, trainable[:1])
    assert not exact([*trainable, nn.Parameter(torch.zeros(1))])
    assert not exact()


def test_checkpoints_come_back_as_they_were_kept() -> None:
    """Whatever becomes of the tensors afterwards; any number of times, in any order."""
    kept = Checkpoints()
    weight = torch.arange(6.0).reshape(2, 3)
    assert kept.add({"weight": weight, "count": torch.tensor(3)}) == 6 * 4 + 8
    weight += 100
    kept.add({"weight": weight})
    assert len(kept) == 2
    for _ in range(2):
        assert kept[1]["weight"].tolist() == (torch.arange(6.0).reshape(2, 3) + 100).tolist()
        assert kept[0]["weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert kept[0]["count"] == 3
    assert [sorted(state) for state in kept] == [["count", "weight"], ["weight"]]


def test_evaluating_gives_each_module_its_own_mode_back() -> None:
    """A frozen part that was in `eval()` stays there; even after an error."""
    module = nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2)))
    module.train()
    module[1][1].eval()
    modes = [part.training for part in module.modules()]
    with evaluating(module):
        assert not any(part.training for part in module.modules())
    assert [part.training for part in module.modules()] == modes
    with pytest.raises(ZeroDivisionError), evaluating(module):
        raise ZeroDivisionError
    assert [part.training for part in module.modules()] == modes


@pytest.mark.parametrize(
    ("accuracies", "chosen"),
    [((0.1, 0.5, 0.3), 1), ((0.5, 0.5, 0.3), 1), ((), 2), ((0.1, 0.2, 0.3), 2), ((0.3, 0.3, 0.3), 2)],
)
def test_best_checkpoint_on_validation_is_chosen(accuracies: tuple[float, ...], chosen: int) -> None:
    """The latest of equals; without validation the last."""
    states = Checkpoints()
    for step in range(3):
        states.add({"step": torch.tensor(step)})
    scores = tuple(Score(accuracy, 1.0, 10) for accuracy in accuracies)
    trained: Any = Trained(states, (1, 2, 3), scores, 8, None)  # type: ignore[arg-type]
    assert trained.chosen == chosen
    assert [point["step"] for point in trained.told] == [1, 2, 3][: len(scores)]


@pytest.mark.parametrize(("accuracies", "chosen"), [((0.5, 0.5, 0.4), 0), ((0.5, 0.4, 0.6), 2), ((0.5, 0.6, 0.6), 2)])
def test_start_is_taken_where_training_brings_nothing(accuracies: tuple[float, ...], chosen: int) -> None:
    """Of equals the start, but only where it is a candidate."""
    states = Checkpoints()
    for step in range(3):
        states.add({"step": torch.tensor(step)})
    scores = tuple(Score(accuracy, 1.0, 10) for accuracy in accuracies)
    trained: Any = Trained(states, (0, 1, 2), scores, 8, None)  # type: ignore[arg-type]
    assert trained.chosen == chosen


def test_module_is_run_as_it_is_where_nothing_is_compiled() -> None:
    """Graphs of CUDA are refused where there is no CUDA, before anything is trained."""
    module = nn.Linear(2, 2)
    assert compiled(module, Training(), "cpu") is module
    with pytest.raises(InvalidData, match="cuda_graphs needs a CUDA device"):
        compiled(module, Training(compile="cuda_graphs"), "cpu")
