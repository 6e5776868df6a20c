"""How well features suit labels, before anything is trained: scores that are cheap next to a training."""

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

Matrix = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

EVIDENCE_STEPS = 50
"""The most fixed-point steps for the precisions of one class."""
EVIDENCE_TOLERANCE = 1e-4
"""Change of the log evidence per image below which they end."""
SMALLEST = 1e-12
"""A probability or a variance below it counts as zero."""


def log_me(features: Matrix, labels: Index, source: Matrix | None = None) -> float | None:
    """Return LogME, the logarithm of the maximum evidence per image, mean over the classes (You et al., 2021).

    Features (N, D), labels (N,). Bayesian linear regression models each class's indicator; fixed-point steps find its
    two best precisions (MacKay, 1992).
    """
    count, width = features.shape
    targets = _indicators(labels)
    energies, shares = _spectrum(features, targets)
    sizes = targets.sum(0)
    return float(np.mean([_evidence(energies, *each, count, width) for each in zip(shares.T, sizes, strict=True)]))


def _indicators(labels: Index) -> Matrix:
    found: Matrix = (labels[:, None] == np.unique(labels)).astype(np.float64)
    return found


def _spectrum(features: Matrix, targets: Matrix) -> tuple[Matrix, Matrix]:
    """Return the squared singular values of the features, and the targets' squared coordinates on the left vectors.

    Values that are zero but for rounding are zero.
    """
    # the smaller Gram matrix: several times as fast as a singular value decomposition
    wide = len(features) <= features.shape[1]
    energies, vectors = eigh(features @ features.T if wide else features.T @ features)
    known = energies > max(features.shape) * np.finfo(np.float64).eps * energies[-1]
    if wide:
        shares = np.square(vectors.T @ targets)
    else:
        shares = np.square(vectors.T @ (features.T @ targets)) / np.where(known, energies, np.inf)[:, None]
    return np.where(known, energies, 0.0), shares


def _evidence(energies: Matrix, shares: Matrix, total: float, count: int, width: int) -> float:
    """Return the highest log evidence per image.

    `shares` are the target's squared coordinates on the left vectors, `total` is its squared norm.
    """
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
    # by the spectrum, as LogME: a Cholesky solve fails where nothing shrinks a covariance without full rank
    count, width = features.shape
    centred = features - features.mean(0)
    targets = _indicators(labels)
    sizes = targets.sum(0)
    energies, shares = _spectrum(centred, targets)
    variances = energies / count
    shrinkage = _shrinkage(centred, variances)
    shrunk = (1 - shrinkage) * variances + shrinkage * variances.sum() / width
    # of each class's mean, by the shrunk covariance: along directions without variance there is none
    scale = energies / np.where(energies > 0, shrunk, 1.0)
    distances = scale @ shares / sizes**2
    return float((1 - shrinkage) * (sizes / count * distances).sum())


def _shrinkage(centred: Matrix, variances: Matrix) -> float:
    """Return how far the covariance with these eigenvalues moves towards a multiple of the identity: 0 to 1."""
    count, width = centred.shape
    squares = float(np.square(variances).sum())
    error = (float(np.square(np.square(centred).sum(1)).sum()) / count - squares) / count
    distance = squares - float(variances.sum()) ** 2 / width
    return min(error / distance, 1.0) if error > 0 and distance > SMALLEST * squares else 0.0


def leep(features: Matrix, labels: Index, source: Matrix | None = None) -> float | None:
    """Return LEEP, the log expected empirical prediction (Nguyen et al., 2020): 0 is best.

    `source` (N, K) has the probabilities of the K classes of the weights' own classifier. Null without it.
    """
    if source is None:
        return None
    joint = np.stack([source[labels == label].sum(0) for label in range(int(labels.max()) + 1)]) / len(labels)
    conditional = joint / np.maximum(joint.sum(0), SMALLEST)
    expected = (source * conditional[labels]).sum(1)
    return float(np.log(np.maximum(expected, SMALLEST)).mean())


def nce(features: Matrix, labels: Index, source: Matrix | None = None) -> float | None:
    """Return NCE, the negative conditional entropy of the labels given the source's class (Tran et al., 2019).

    0 is best. `source` is as for `leep`; null without it.
    """
    if source is None:
        return None
    pseudo = source.argmax(1)
    joint = np.zeros((int(labels.max()) + 1, source.shape[1]))
    np.add.at(joint, (labels, pseudo), 1 / len(labels))
    marginal = np.broadcast_to(joint.sum(0), joint.shape)
    some = joint > 0
    return float((joint[some] * np.log(joint[some] / marginal[some])).sum())


def knn(features: Matrix, labels: Index, source: Matrix | None = None) -> float | None:
    """Return the accuracy of a vote of each image's five nearest others by cosine (Cover and Hart, 1967): 0 to 1.

    Null for a single image.
    """
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
