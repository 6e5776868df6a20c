"""How far predicted probabilities can be trusted. No torch, no files."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Labels = npt.NDArray[np.int64]

BINS = 15
LEAST_PROBABILITY = 1e-12
"""Smaller probabilities count as this one in the log-likelihood: a single zero would make it infinite."""


def probabilities(logits: Floats) -> npt.NDArray[np.float64]:
    """Return the softmax of logits (N, C) in double precision."""
    exponents = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    shares: npt.NDArray[np.float64] = exponents / exponents.sum(1, keepdims=True)
    return shares


def expected_calibration_error(shares: Floats, labels: Labels, bins: int = BINS) -> float:
    """Return the mean distance between confidence and accuracy over bins of equal width, in 0 to 1.

    Probabilities (N, C), labels (N,). Guo et al., "On calibration of modern neural networks", 2017: bins are open below
    and closed above, weighted by the images in them.
    """
    # written out, since importing torchmetrics (a test compares with it) takes 2.8 s and 111 MiB, in every cell
    confidence = shares.max(1).astype(np.float64)
    surplus = confidence - (shares.argmax(1) == labels)
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    return float(np.abs(np.bincount(place, weights=surplus, minlength=bins)).sum() / len(labels))


def negative_log_likelihood(shares: Floats, labels: Labels) -> float:
    """Return the mean negative logarithm of the right class's probability, in nats.

    Probabilities (N, C), labels (N,).
    """
    right = shares[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(right, LEAST_PROBABILITY)).mean())
