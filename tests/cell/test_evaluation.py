"""The test set opens once; the chosen candidate gives the accuracy, the best of all the oracle's."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from bench.catalog import METHODS
from bench.cell.evaluation import Evaluation, TestSet, evaluate
from bench.cell.networks import frozen_features, tensor_hashes
from bench.contracts.data import Places
from bench.contracts.networks import FrozenPart, InputSpec
from bench.contracts.training import Fitted
from bench.data.batches import ImageBatches, fetch
from bench.data.decode import Pixels
from bench.machine.timing import Phases
from bench.probes import accuracy
from bench.schema import content_hash
from bench.suites.choices import make
from tests.material import tiny

LABELS = np.array([0, 1, 2, 0], np.int64)
SPEC = InputSpec((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bilinear", 1.0, 2)


def pixels() -> Pixels:
    """Four images of which each has its label in its first pixel."""
    images = np.zeros((4, 2, 2, 3), np.uint8)
    images[:, 0, 0, 0] = LABELS
    return Pixels(images, LABELS, ("a", "b", "c", "d"), None)


def fitted(*answers: int, chosen: int = 0, shared: bool = False) -> Fitted:
    """Return candidates that each answer one class, whatever they are shown; on images or on what a part gives."""
    flat, head = nn.Flatten(), nn.Linear(12, 3)
    whole = nn.Sequential(OrderedDict(flat=flat, head=head))
    part = FrozenPart("features", flat) if shared else None
    prefix = "" if shared else "head."
    states = [
        {
            f"{prefix}weight": torch.zeros(3, 12),
            f"{prefix}bias": nn.functional.one_hot(torch.tensor(answer), 3).float(),
        }
        for answer in answers
    ]
    return Fitted(head if shared else whole, states, chosen, whole, part, None, "", {}, frozenset(), 39, 156)


class Parts:
    """Gives the outputs of a part, and remembers who asked for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str]] = []

    def __call__(self, images: npt.NDArray[np.uint8], part: FrozenPart) -> torch.Tensor:
        self.asked.append((len(images), part.name))
        outputs: torch.Tensor = part.module(fetch(ImageBatches(images, SPEC, "cpu"), np.arange(len(images))))
        return outputs


def look(candidates: Fitted, test: TestSet | None = None, parts: Parts | None = None) -> tuple[Evaluation, Phases]:
    """Evaluate candidates on the four images."""
    phases = Phases("cpu")
    return evaluate(candidates, test or TestSet(pixels()), SPEC, parts or Parts(), "cpu", "fp32", phases), phases


def test_test_set_opens_once() -> None:
    """A second look is an error in the harness."""
    test = TestSet(pixels())
    evaluation, _ = look(fitted(0), test)
    assert evaluation.openings == test.openings == 1
    with pytest.raises(AssertionError, match="twice"):
        test.open()


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_chosen_candidate_counts_and_all_are_scored(chosen: int, shared: bool) -> None:
    """Two of four labels are class 0, one each the others."""
    evaluation, phases = look(fitted(1, 0, 2, chosen=chosen, shared=shared))
    assert evaluation.candidate_accuracies == (0.25, 0.5, 0.25)
    assert set(evaluation.logits.argmax(1).tolist()) == {(1, 0, 2)[chosen]}
    assert evaluation.labels.tolist() == LABELS.tolist()
    assert set(phases.wall_s) == {"eval", "oracle"}


@pytest.mark.parametrize("shared", [False, True])
def test_frozen_part_sees_the_test_images_once_for_all_candidates(shared: bool) -> None:
    """And not at all where there is none."""
    parts = Parts()
    look(fitted(1, 0, 2, shared=shared), parts=parts)
    assert parts.asked == ([(4, "features")] if shared else [])


def test_model_is_left_with_the_chosen_candidate() -> None:
    """Whatever was scored last."""
    candidates = fitted(1, 0, 2, chosen=1)
    look(candidates)
    assert candidates.module.head.bias.tolist() == [1, 0, 0]
    assert not candidates.module.training


def fit_and_look(folder: Path, places: Places, *overrides: str) -> tuple[Fitted, Evaluation, torch.Tensor]:
    """Fit a method on digits and evaluate it; return the whole model's logits on the test images too."""
    cell = tiny.one_cell(folder, *overrides)
    task, backbone = tiny.task_of(cell, places)
    job = tiny.job_of(cell, places)
    features = frozen_features(job, backbone, content_hash(tensor_hashes(backbone)), tiny.ignore)
    made = make(METHODS, cell.method).fit(task)
    test = job.data.split("test")

    def of_test(images: npt.NDArray[np.uint8], part: FrozenPart) -> torch.Tensor:
        return features.of("test", images, part)

    evaluation = evaluate(made, TestSet(test), backbone.input, of_test, "cpu", "fp32", Phases("cpu"))
    images = fetch(ImageBatches(test.images, backbone.input, "cpu"), np.arange(len(test.labels)))
    with torch.no_grad():
        return made, evaluation, made.model.eval()(images)


@pytest.mark.parametrize(
    "method",
    [
        "finetune",
        "linear_probe",
        "ridge_probe",
        "[{name: mlp_probe, views: 2}]",
        "[{name: partial_finetune, prefix: cached}]",
        "[{name: partial_finetune, prefix: inline}]",
    ],
)
def test_predictions_are_those_of_the_whole_model_on_the_images(places: Places, tmp_path: Path, method: str) -> None:
    """With the chosen candidate in it, whatever part of it was computed apart."""
    made, evaluation, expected = fit_and_look(
        tmp_path, places, f"grid.method={method}", "train.steps=6", "train.checkpoints=2"
    )
    assert (made.part is None) == ("finetune" in method and "cached" not in method)
    torch.testing.assert_close(evaluation.logits, expected, rtol=1e-3, atol=1e-3)
    assert (evaluation.logits.argmax(1) == expected.argmax(1)).float().mean() > 0.99
    assert evaluation.logits.std() > 0.01


def test_oracle_is_the_best_of_all_candidates_and_the_choice_is_not_its(places: Places, tmp_path: Path) -> None:
    """On real digits: the probe reports both, and the accuracy is that of the validated choice."""
    made, evaluation, _ = fit_and_look(
        tmp_path, places, "grid.method=finetune", "train.steps=12", "train.checkpoints=6"
    )

    class Run:
        fitted = made

    Run.evaluation = evaluation  # type: ignore[attr-defined]
    run: Any = Run()
    fields = accuracy.probe(run)
    assert len(evaluation.candidate_accuracies) == 6
    assert fields["oracle_accuracy"] == max(evaluation.candidate_accuracies)
    assert fields["accuracy"] == evaluation.candidate_accuracies[made.chosen]
