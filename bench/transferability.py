"""How well features suit labels, before anything is trained: scores that are cheap next to a training."""

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, eigh

Matrix = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

EVIDENCE_STEPS = 50
EVIDENCE_TOLERANCE = 1e-4
SMALLEST = 1e-12
"""Below it a probability or a variance is taken for zero."""


def log_me(features: Matrix, labels: Index, source: Matrix | None = None) -> float | None:
    """Return the logarithm of the maximum evidence per image, mean over the classes (You et al., 2021).

    Features (N, D), labels (N,): each class's indicator is modelled by Bayesian linear regression, whose two precisions
    are raised to their best by fixed-point steps (MacKay, 1992).
    """
    count, width = features.shape
    targets = (labels[:, None] == np.unique(labels)).astype(np.float64)
    energies, shares = _spectrum(features, targets)
    sizes = targets.sum(0)
    return float(np.mean([_evidence(energies, *each, count, width) for each in zip(shares.T, sizes, strict=True)]))


def _spectrum(features: Matrix, targets: Matrix) -> tuple[Matrix, Matrix]:
    """Return the squared singular values of the features, and the targets' squared coordinates on the left vectors.

    By the smaller Gram matrix: several times as fast as a singular value decomposition.
    """
    count, width = features.shape
    if count <= width:
        energies, left = eigh(features @ features.T)
        return np.maximum(energies, 0.0), np.square(left.T @ targets)
    energies, right = eigh(features.T @ features)
    known = energies > max(count, width) * np.finfo(np.float64).eps * energies[-1]
    scaled = np.where(known, energies, np.inf)[:, None]
    return np.maximum(energies, 0.0), np.square(right.T @ (features.T @ targets)) / scaled


def _evidence(energies: Matrix, shares: Matrix, total: float, count: int, width: int) -> float:
    """Return the highest log evidence per image; `shares` are the target's squared coordinates, `total` its norm."""
    outside = max(total - float(shares.sum()), 0.0)
    alpha, beta, before = 1.0, 1.0, -np.inf
    value = before
    for _ in range(EVIDENCE_STEPS):
        damped = alpha + beta * energies
        effective = float((beta * energies / damped).sum())
        norm = float((beta**2 * energies * shares / damped**2).sum())
        residual = float((alpha**2 * shares / damped**2).sum()) + outside
        alpha = max(effective, SMALLEST) / max(norm, SMALLEST)
        beta = (count - effective) / max(residual, SMALLEST)
        value = _log_evidence(energies, shares, outside, alpha, beta, count, width)
        if abs(value - before) < EVIDENCE_TOLERANCE:
            break
        before = value
    return value


def _log_evidence(
    energies: Matrix, shares: Matrix, outside: float, alpha: float, beta: float, count: int, width: int
) -> float:
    damped = alpha + beta * energies
    norm = float((beta**2 * energies * shares / damped**2).sum())
    residual = float((alpha**2 * shares / damped**2).sum()) + outside
    log_determinant = float(np.log(damped).sum()) + (width - len(energies)) * np.log(alpha)
    value = width * np.log(alpha) + count * np.log(beta) - log_determinant
    return float(value - beta * residual - alpha * norm - count * np.log(2 * np.pi)) / (2 * count)


def h_score(features: Matrix, labels: Index, source: Matrix | None = None) -> float | None:
    """Return the share of the features' spread that lies between the classes (Bao et al., 2019).

    The covariance is shrunk towards a multiple of the identity (Ledoit and Wolf, 2004), as Ibrahim et al. (2022) found
    necessary where images are few.
    """
    centred = features - features.mean(0)
    covariance = centred.T @ centred / len(centred)
    shrinkage = _shrinkage(centred, covariance)
    spread = np.trace(covariance) / len(covariance)
    shrunk = (1 - shrinkage) * covariance + (shrinkage * spread + SMALLEST) * np.eye(len(covariance))
    classes = np.unique(labels)
    means = np.stack([centred[labels == label].mean(0) for label in classes])
    weights = np.array([(labels == label).mean() for label in classes])
    solved = cho_solve(cho_factor(shrunk), means.T)
    return float((1 - shrinkage) * (weights * (means.T * solved).sum(0)).sum())


def _shrinkage(centred: Matrix, covariance: Matrix) -> float:
    """Return how far the covariance is best moved towards a multiple of the identity: 0 to 1."""
    count, width = centred.shape
    squares = float(np.square(covariance).sum())
    error = (float(np.square(np.square(centred).sum(1)).sum()) / count - squares) / count
    distance = squares - float(np.trace(covariance)) ** 2 / width
    return min(error / distance, 1.0) if error > 0 and distance > SMALLEST * squares else 0.0


def leep(features: Matrix, labels: Index, source: Matrix | None = None) -> float | None:
    """Return the log expected empirical prediction (Nguyen et al., 2020): 0 is best.

    `source` (N, K) are the probabilities of the K classes of the weights' own classifier; null where there is none.
    """
    if source is None:
        return None
    joint = np.stack([source[labels == label].sum(0) for label in range(int(labels.max()) + 1)]) / len(labels)
    conditional = joint / np.maximum(joint.sum(0), SMALLEST)
    expected = (source * conditional[labels]).sum(1)
    return float(np.log(np.maximum(expected, SMALLEST)).mean())


def nce(features: Matrix, labels: Index, source: Matrix | None = None) -> float | None:
    """Return the negative conditional entropy of the labels given the source's class (Tran et al., 2019): 0 is best."""
    if source is None:
        return None
    pseudo = source.argmax(1)
    joint = np.zeros((int(labels.max()) + 1, source.shape[1]))
    np.add.at(joint, (labels, pseudo), 1 / len(labels))
    marginal = np.broadcast_to(joint.sum(0), joint.shape)
    some = joint > 0
    return float((joint[some] * np.log(joint[some] / marginal[some])).sum())


def knn(features: Matrix, labels: Index, source: Matrix | None = None) -> float | None:
    """Return the accuracy of each image's five nearest others by cosine (Cover and Hart, 1967): 0 to 1."""
    near = min(5, len(labels) - 1)
    if near < 1:
        return None
    scaled = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), SMALLEST)
    similarity = scaled @ scaled.T
    np.fill_diagonal(similarity, -np.inf)
    nearest = np.argpartition(-similarity, near - 1, axis=1)[:, :near]
    votes = np.zeros((len(labels), int(labels.max()) + 1))
    rows = np.arange(len(labels))[:, None]
    # a vote counts by its similarity, so that ties are few
    np.add.at(votes, (rows, labels[nearest]), 1 + similarity[rows, nearest] / 1e3)
    return float((votes.argmax(1) == labels).mean())
