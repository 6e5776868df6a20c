"""Fine-tuning that starts where the linear probe ends, and may end there."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.data import Places
from bench.contracts.training import Fitted, Score, Task
from bench.learning.recipe import batches
from bench.methods.descriptions import Strengths
from bench.methods.finetuning.lp_ft import LpFt
from bench.methods.finetuning.wise_ft import WiseFt
from bench.methods.from_probe import DECLINED, Instead, or_the_probe, probe_start
from bench.methods.frozen.linear_probe import LinearProbe
from tests.material.fitting import images_of, loaded, moved, state_of, task_for, trained_by

NO_RATE: dict[str, Any] = {"learning_rate": 0.0, "head_learning_rate": 0.0, "weight_decay": 0.0}


def logits_of(fitted: Fitted, task: Task) -> torch.Tensor:
    """Return what the chosen candidate says of the first images."""
    with torch.no_grad():
        logits: torch.Tensor = loaded(fitted)(images_of(task, 32))
    return logits


@pytest.mark.parametrize("method", [LpFt(), WiseFt()])
@pytest.mark.parametrize("labels", [1, 6])
def test_training_that_brings_nothing_ends_at_the_linear_probe(
    places: Places, tmp_path: Path, method: Any, labels: int
) -> None:
    """Without a rate nothing moves: the logits are those of the linear probe, fitted on the whole budget."""
    overrides = ("grid.backbone=test_vit", f"grid.labels_per_class={labels}")
    _, task, _ = task_for(tmp_path, places, *overrides)
    probe = LinearProbe().fit(task)
    method = dataclasses.replace(method, alpha=(0.0,)) if isinstance(method, WiseFt) else method
    fitted = method.fit(trained_by(task, **NO_RATE))
    features = task.outputs(task.whole, None)[:32]
    assert fitted.choice["l2"] == probe.choice["l2"]
    torch.testing.assert_close(logits_of(fitted, task), loaded(probe)(features), rtol=1e-3, atol=1e-3)
    assert fitted.trace is not None
    assert not fitted.trace.blank_start
    assert fitted.trace.losses[0] < 0.9 * np.log(10)
    assert (fitted.selection == DECLINED) is (labels == 6)


def test_start_is_scored_as_what_the_training_part_alone_gives(places: Places, tmp_path: Path) -> None:
    """A probe that had seen the validation images would beat whatever is made of it."""
    _, task, _ = task_for(tmp_path, places, "grid.backbone=test_vit")
    start = probe_start(task, Strengths(LpFt().l2, LpFt().default_l2))
    features = task.outputs(task.whole, None)[task.val_index]
    right = (start.head(features).argmax(1).numpy() == task.labels[task.val_index]).mean()
    fitted = LpFt().fit(trained_by(task, **NO_RATE))
    assert fitted.choice["step"] == 0
    assert fitted.score is not None
    assert fitted.score.accuracy == pytest.approx(right)
    assert fitted.choice["path"][0]["step"] == 0


def test_lp_ft_starts_where_the_probe_ended(places: Places, tmp_path: Path) -> None:
    """Batch normalisation too: the first loss is the probe's own on that batch, and its statistics stay."""
    _, task, backbone = task_for(tmp_path, places)
    start = probe_start(task, Strengths(LpFt().l2, LpFt().default_l2))
    first = next(batches(task.fit_index, task.training.batch_size, task.seed_of("order")))
    features = task.outputs(task.whole, None)[first]
    expected = torch.nn.functional.cross_entropy(start.head(features), torch.from_numpy(task.labels[first]))
    before = state_of(backbone.network)
    kept = LpFt().fit(task)
    assert kept.trace is not None
    assert kept.trace.losses[0] == pytest.approx(expected.item(), rel=1e-3)
    running = {name for name in before if "running_" in name}
    assert running
    assert running <= kept.frozen
    assert not running & moved(before, backbone.network)
    _, again, other = task_for(tmp_path, places)
    adapted = LpFt(statistics="adapt").fit(again)
    assert adapted.trace is not None
    assert adapted.trace.losses[0] > 1.2 * expected.item()
    assert running <= moved(before, other.network)


def test_only_the_start_is_put_in_place_of_the_start(places: Places, tmp_path: Path) -> None:
    """What was trained stays; and the words tell which of them was taken."""
    _, task, _ = task_for(tmp_path, places, "grid.backbone=test_vit")
    start = probe_start(task, Strengths((0.1,), 0.1))
    states = [{"head.weight": torch.zeros(1), "body": torch.ones(1)}, {"head.weight": torch.ones(1)}]
    for chosen in (0, 1):
        given: Any = dataclasses.replace(
            LpFt().fit(trained_by(task, **NO_RATE)),
            states=states,
            chosen=chosen,
            score=Score(1.0, 0.0, 1),
            selection="own",
        )
        found = or_the_probe(given, 0, start)
        assert isinstance(found.states, Instead)
        assert len(found.states) == 2
        assert torch.equal(found.states[0]["head.weight"], start.whole.weight)
        assert torch.equal(found.states[0]["body"], torch.ones(1))
        assert found.states[1] is states[1]
        assert found.selection == (DECLINED if chosen == 0 else "own")


def test_trials_of_one_task_choose_the_strength_once(places: Places, tmp_path: Path) -> None:
    """It does not hang on the rate that they try."""
    _, task, _ = task_for(tmp_path, places, "grid.backbone=test_vit")
    strengths = Strengths((0.1, 1.0), 0.1)
    first = probe_start(task, strengths)
    task.known[f"l2 of {strengths}"] = 10.0 if first.l2 != 10.0 else 1.0
    assert probe_start(dataclasses.replace(task), strengths).l2 != first.l2
    assert probe_start(task, Strengths((0.1,), 0.1)).l2 == 0.1
