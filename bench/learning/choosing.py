"""Scores candidates on images that they have not learnt from."""

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from bench.contracts.training import Score

SCALES = tuple(10 ** (step / 10) for step in range(-10, 26))
"""What answers that are no logits are multiplied by, to see how much they tell."""


def score(logits: torch.Tensor, labels: npt.NDArray[np.int64]) -> Score:
    """Score logits (N, C) against labels (N,); the loss is the Brier score of their softmax."""
    return score_shares(logits.double().softmax(1), labels)


def score_shares(shares: torch.Tensor, labels: npt.NDArray[np.int64]) -> Score:
    """Score shares of the classes (N, C), float64, against labels (N,).

    The loss is the mean squared distance to one-hot labels, 0 to 2 (Brier, 1950): a proper score, as the likelihood
    is, but bounded. With few labels one strange held-out image, far out on a feature that hardly varies among the
    others, costs more likelihood than all the rest can tell.
    """
    truth = torch.from_numpy(labels)
    right = (shares.argmax(1) == truth).double().mean()
    distances = (shares - functional.one_hot(truth, shares.shape[1])).square().sum(1)
    return Score(float(right), float(distances.mean()), len(labels))


def score_at_best_scale(answers: torch.Tensor, labels: npt.NDArray[np.int64]) -> Score:
    """Score answers (N, C) that are no logits, such as those of least squares, as the logits that they best make."""
    return min((score(answers * scale, labels) for scale in SCALES), key=lambda found: found.loss)


def told(found: Score) -> dict[str, float]:
    """Return a score as the record keeps it."""
    return {"val_accuracy": found.accuracy, "val_loss": round(found.loss, 6)}
