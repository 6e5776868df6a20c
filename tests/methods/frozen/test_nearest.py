"""Heads that compare: nearest neighbours and class means."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestCentroid
from torch.nn import functional

from bench.cell.profiles.work import forward_flop
from bench.contracts.data import Places
from bench.contracts.training import Task
from bench.methods.frozen.knn import Knn
from bench.methods.frozen.nearest import Neighbours, Prototypes
from bench.methods.frozen.prototype import Prototype
from bench.methods.frozen.ridge_probe import RidgeProbe
from bench.methods.solved import whole_budget
from tests.material.fitting import images_of, loaded, task_for

GENERATOR = torch.Generator().manual_seed(0)
BANK = torch.randn(40, 6, generator=GENERATOR)
LABELS = torch.arange(40) % 4
QUERIES = torch.randn(9, 6, generator=GENERATOR)


def without_validation(task: Task) -> Task:
    """Return the task as a small budget has it."""
    return dataclasses.replace(task, val_index=np.empty(0, np.int64), folds=())


@pytest.mark.parametrize("k", [1, 7, 40])
def test_votes_are_those_of_the_paper(k: int) -> None:
    """Sums of exp(cosine / temperature) of the k nearest, by class; as shares."""
    head = Neighbours(BANK, LABELS, 4, 0.07, 40)
    head.load_state_dict({"k": torch.tensor(k)}, strict=False)
    shares = head(QUERIES).exp()
    for query, share in zip(QUERIES, shares, strict=True):
        cosine = functional.cosine_similarity(query, BANK)
        nearest = cosine.argsort(descending=True)[:k]
        votes = torch.stack([(cosine[nearest] / 0.07).exp()[LABELS[nearest] == label].sum() for label in range(4)])
        torch.testing.assert_close(share, votes / votes.sum(), rtol=1e-4, atol=1e-6)


def test_images_that_are_not_used_never_vote() -> None:
    """As if they weren't there."""
    head = Neighbours(BANK, LABELS, 4, 0.07, 40)
    used = torch.arange(40) >= 15
    head.load_state_dict({"used": used, "k": torch.tensor(5)}, strict=False)
    alone = Neighbours(BANK[15:], LABELS[15:], 4, 0.07, 40)
    alone.load_state_dict({"k": torch.tensor(5)}, strict=False)
    torch.testing.assert_close(head(QUERIES), alone(QUERIES))


@pytest.mark.parametrize("head", [Neighbours(BANK, LABELS, 5, 0.07, 40), Prototypes.of(BANK, LABELS, 5, False)])
def test_class_without_a_label_is_never_predicted(head: Any) -> None:
    """Its logit is finite all the same."""
    logits = head(QUERIES)
    assert torch.isfinite(logits).all()
    assert not (logits.argmax(1) == 4).any()


@pytest.mark.parametrize("head", [Neighbours(BANK, LABELS, 4, 0.07, 40), Prototypes.of(BANK, LABELS, 4, True)])
def test_comparing_is_exact_where_the_backbone_runs_in_a_lower_precision(head: Any) -> None:
    """The same bits with and without autocast."""
    with torch.autocast("cpu", torch.bfloat16):
        low = head(QUERIES)
    assert torch.equal(low, head(QUERIES))


def test_class_means_are_those_of_scikit_learn() -> None:
    """And logits minus the squared distances to them."""
    head = Prototypes.of(BANK, LABELS, 4, cosine=False)
    reference = NearestCentroid().fit(BANK.numpy(), LABELS.numpy())
    np.testing.assert_allclose(head.means.numpy(), reference.centroids_, atol=1e-5)
    np.testing.assert_array_equal(head(QUERIES).argmax(1).numpy(), reference.predict(QUERIES.numpy()))
    torch.testing.assert_close(
        head(QUERIES), -(QUERIES.unsqueeze(1) - head.means).square().sum(2), rtol=1e-4, atol=1e-5
    )


def test_cosine_means_ask_for_direction_alone() -> None:
    """Longer features get the same logits; in Euclidean space they do not."""
    for cosine in (True, False):
        head = Prototypes.of(BANK, LABELS, 4, cosine)
        assert torch.allclose(head(QUERIES), head(3 * QUERIES), atol=1e-5) == cosine


def test_k_is_chosen_by_folds_and_then_all_labels_vote(places: Places, tmp_path: Path) -> None:
    """By accuracy, of equals the smallest; none is its own neighbour."""
    _, task, _ = task_for(tmp_path, places)
    fitted = Knn(k=(1, 3, 1000)).fit(task)
    features, labels = task.outputs(task.whole, None), task.labels
    held = labels[np.concatenate([fold.held for fold in task.folds])]
    most = max(len(fold.fit) for fold in task.folds)
    scores = {}
    for k in (1, 3, most):
        answers = []
        for fold in task.folds:
            alone = loaded(Knn(default_k=k).fit(dataclasses.replace(without_validation(task), fit_index=fold.fit)))
            answers.append(alone(features[fold.held]).argmax(1).numpy())
        scores[k] = float((np.concatenate(answers) == held).mean())
    assert fitted.score is not None
    assert {point["k"]: point["val_accuracy"] for point in fitted.choice["path"]} == pytest.approx(scores)
    assert fitted.score.accuracy == pytest.approx(max(scores.values()))
    assert fitted.choice["k"] == min(k for k, found in scores.items() if found == max(scores.values()))
    assert len(fitted.states) == 3
    assert int(loaded(fitted).used.sum()) == len(whole_budget(task))


def test_default_k_is_clipped_to_the_labels(places: Places, tmp_path: Path) -> None:
    """Where nothing validates."""
    _, task, _ = task_for(tmp_path, places, "grid.labels_per_class=1")
    assert not task.folds
    fitted = Knn().fit(task)
    assert fitted.choice == {"k": 10}
    assert fitted.score is None
    assert "default k" in fitted.selection
    assert len(fitted.states) == 1


def test_prototypes_are_of_the_whole_budget(places: Places, tmp_path: Path) -> None:
    """As nothing is selected; one candidate, nothing learnt by steps."""
    _, task, _ = task_for(tmp_path, places)
    fitted = Prototype().fit(task)
    index = whole_budget(task)
    expected = Prototypes.of(task.outputs(task.whole, None)[index], torch.from_numpy(task.labels[index]), 10, False)
    assert torch.equal(loaded(fitted).means, expected.means)
    assert len(fitted.states) == 1
    assert fitted.trace is None


@pytest.mark.parametrize("method", [Knn(), Prototype(), Prototype(metric="cosine")])
def test_whole_network_answers_as_the_head(places: Places, tmp_path: Path, method: Any) -> None:
    """From images to the same logits."""
    _, task, _ = task_for(tmp_path, places, "grid.backbone=test_vit")
    fitted = method.fit(task)
    head = loaded(fitted)
    with torch.no_grad():
        answer = fitted.model.eval()(images_of(task, 8))
        torch.testing.assert_close(answer, head(task.outputs(task.whole, None)[:8]), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", [Knn(), Prototype()])
def test_arithmetic_can_be_counted(places: Places, tmp_path: Path, method: Any) -> None:
    """Without data: the network's own is in it."""
    _, task, _ = task_for(tmp_path, places)
    counted, plain = forward_flop(method.fit(task), 32), forward_flop(RidgeProbe().fit(task), 32)
    assert counted == pytest.approx(plain, rel=0.1)
