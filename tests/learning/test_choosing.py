"""Scores of candidates on held-out images."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from bench.learning.choosing import score, score_at_best_scale, score_shares, told

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.5], [1.0, 1.5, 0.0], [-1.0, 0.0, 3.0]])
LABELS = np.array([0, 1, 0, 2])


def test_loss_is_the_brier_score_of_the_softmax() -> None:
    found = score(LOGITS, LABELS)
    expected = brier_score_loss(LABELS, LOGITS.double().softmax(1).numpy(), scale_by_half=False)
    assert found.loss == pytest.approx(expected)
    assert (found.accuracy, found.images) == (0.75, 4)
    assert told(found) == {"val_accuracy": 0.75, "val_loss": round(found.loss, 6)}


def test_one_strange_image_costs_at_most_two_over_all() -> None:
    """The likelihood would be ruled by it."""
    many = LOGITS.repeat(25, 1)
    strange = many.clone()
    strange[0] = torch.tensor([-1e4, 1e4, 0.0])
    labels = np.tile(LABELS, 25)
    assert score(strange, labels).loss - score(many, labels).loss < 2 / 100


@given(st.integers(0, 2**31), st.floats(0.1, 300))
@settings(max_examples=30, deadline=None)
def test_answers_that_are_no_logits_are_judged_whatever_their_scale(seed: int, scale: float) -> None:
    """Up to the grid of scales; and never worse than as they are."""
    generator = torch.Generator().manual_seed(seed)
    answers, labels = torch.randn(40, 3, generator=generator), torch.randint(3, (40,), generator=generator).numpy()
    found = score_at_best_scale(answers, labels)
    assert found.loss <= score(answers, labels).loss + 1e-12
    assert found.accuracy == score(answers, labels).accuracy
    if 0.3 < scale < 3:
        assert score_at_best_scale(answers * scale, labels).loss == pytest.approx(found.loss, abs=0.03)


def test_shares_of_votes_are_taken_as_they_are() -> None:
    shares = torch.tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]], dtype=torch.float64)
    assert score_shares(shares, np.array([1, 1])).loss == pytest.approx(0.25)
