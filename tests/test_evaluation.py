"""The test set opens once; the chosen candidate gives the accuracy, the best of all the oracle's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from torch import nn

from bench.catalog import METHODS
from bench.choices import make
from bench.contracts import Fitted, Places
from bench.data.decode import Pixels
from bench.data.transforms import Normalise
from bench.evaluation import Evaluation, TestSet, evaluate
from bench.methods.finetune import Finetune
from bench.probes import accuracy
from bench.schema import Choice
from bench.timing import Phases

LABELS = np.array([0, 1, 2, 0], np.int64)


def pixels() -> Pixels:
    """Four images of which each has its label in its first pixel."""
    images = np.zeros((4, 2, 2, 3), np.uint8)
    images[:, 0, 0, 0] = LABELS
    return Pixels(images, LABELS, ("a", "b", "c", "d"), None)


def fitted(*answers: int, chosen: int = 0, on_features: bool = False) -> Fitted:
    """Return candidates that each answer one class, whatever they are shown."""
    module = nn.Linear(12, 3)
    states = [
        {"weight": torch.zeros(3, 12), "bias": nn.functional.one_hot(torch.tensor(answer), 3).float()}
        for answer in answers
    ]
    return Fitted(module, states, chosen, on_features, None, "", {}, frozenset(), 39, 156)


def look(candidates: Fitted, test: TestSet | None = None) -> tuple[Evaluation, Phases]:
    """Evaluate candidates on the four images."""
    phases = Phases("cpu")

    def flat(images: Any) -> torch.Tensor:
        return torch.from_numpy(images).flatten(1).float()

    return evaluate(candidates, test or TestSet(pixels()), flat, flat, "cpu", "fp32", phases), phases


def test_test_set_opens_once() -> None:
    """A second look is an error in the harness."""
    test = TestSet(pixels())
    evaluation, _ = look(fitted(0), test)
    assert evaluation.openings == test.openings == 1
    with pytest.raises(AssertionError, match="twice"):
        test.open()


@pytest.mark.parametrize("on_features", [False, True])
@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_chosen_candidate_counts_and_all_are_scored(chosen: int, on_features: bool) -> None:
    """Two of four labels are class 0, one each the others."""
    evaluation, phases = look(fitted(1, 0, 2, chosen=chosen, on_features=on_features))
    assert evaluation.candidate_accuracies == (0.25, 0.5, 0.25)
    assert set(evaluation.logits.argmax(1).tolist()) == {(1, 0, 2)[chosen]}
    assert evaluation.labels.tolist() == LABELS.tolist()
    assert set(phases.wall_s) == {"eval", "oracle"}


def test_model_is_left_with_the_chosen_candidate() -> None:
    """Whatever was scored last."""
    candidates = fitted(1, 0, 2, chosen=1)
    look(candidates)
    assert candidates.module.bias.tolist() == [1, 0, 0]
    assert not candidates.module.training


def test_oracle_is_the_best_of_all_candidates_and_the_choice_is_not_its(places: Places, tmp_path: Path) -> None:
    """On real digits: the probe reports both, and the accuracy is that of the validated choice."""
    cell = tiny.one_cell(tmp_path, "grid.method=finetune", "train.steps=12", "train.checkpoints=6")
    task, backbone = tiny.task_of(cell, places)
    assert isinstance(make(METHODS, Choice("finetune")), Finetune)
    made = Finetune().fit(task)
    test = TestSet(tiny.job_of(cell, places).data.split("test"))
    normalise = Normalise(backbone.input, "cpu")
    evaluation = evaluate(made, test, normalise, normalise, "cpu", "fp32", Phases("cpu"))

    class Run:
        fitted = made

    Run.evaluation = evaluation  # type: ignore[attr-defined]
    fields = accuracy.probe(Run())  # type: ignore[arg-type]
    assert len(evaluation.candidate_accuracies) == 6
    assert fields["oracle_accuracy"] == max(evaluation.candidate_accuracies)
    assert fields["accuracy"] == evaluation.candidate_accuracies[made.chosen]
