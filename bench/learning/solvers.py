"""Linear models on features, solved rather than trained: all regularisation strengths of a probe at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from bench.machine.devices import few_threads

MEMORY = 10
"""Pairs of steps and gradients that L-BFGS remembers."""
# room for the weakest regularisations to come to their tolerance
MAX_ITERATIONS = 1000
ARMIJO = 1e-4
"""A step must bring at least this share of the decrease that the slope promises (Nocedal and Wright, 2006)."""
FLOOR = 1e-6
"""Relative change of the objective below which float32 tells no difference."""
SHORTEST = 1e-6
"""Step length below which a problem is as near to its minimum as the arithmetic tells."""
CHUNK_ELEMENTS = 2**18
"""Logits that are held at once: few enough to stay in the processor's cache."""
STATE_ELEMENTS = 2**26
"""Numbers that the remembered pairs may take; as many strengths are solved together as fit."""


@dataclass(frozen=True)
class Standardiser:
    """Zero mean and unit variance per feature, learnt from the images that are fitted."""

    mean: torch.Tensor
    """(D,) float64."""
    scale: torch.Tensor
    """(D,) float64; one where a feature never varies."""

    @classmethod
    def of(cls, features: torch.Tensor) -> "Standardiser":
        """Learn from features (N, D)."""
        wide = features.to(torch.float64, copy=True)
        mean = wide.mean(0)
        spread = wide.sub_(mean).square_().mean(0).sqrt()  # in place, in half the time of torch's `std`
        return cls(mean, torch.where(spread > 1e-8, spread, torch.ones_like(spread)))

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """Return standardised features (N, D), float64."""
        return features.to(torch.float64, copy=True).sub_(self.mean).div_(self.scale)

    def fold(self, weight: torch.Tensor, bias: torch.Tensor) -> torch.nn.Linear:
        """Return the linear layer on raw features that equals (C, D) weights on standardised ones."""
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
        folded = weight / self.scale
        with torch.no_grad():
            layer.weight.copy_(folded)
            layer.bias.copy_(bias - folded @ self.mean)
        return layer


@dataclass(frozen=True)
class Solution:
    """A linear model: weights (C, D) and bias (C,), float64."""

    weight: torch.Tensor
    bias: torch.Tensor
    converged: bool = True
    """Whether the solver came to its tolerance, or as near as its arithmetic allows, within its iterations."""


@dataclass(frozen=True)
class Rotated:
    """Features in the eigenbasis of their Gram matrix, where L-BFGS is well conditioned.

    Of N images with D features at most R = min(N, D) directions hold anything; the solution lies in them.
    """

    coordinates: torch.Tensor
    """(N, R): features @ basis; its columns are orthogonal."""
    basis: torch.Tensor
    """(D, R), orthonormal columns."""
    energies: torch.Tensor
    """(R,): squared norms of the columns."""

    @classmethod
    def of(cls, features: torch.Tensor) -> "Rotated":
        """Rotate features (N, D), in their own precision, by one eigendecomposition of the smaller Gram matrix."""
        count, width = features.shape
        if count < width:
            energies, left = _eigh(features @ features.T)
            held = energies > energies[-1] * torch.finfo(energies.dtype).eps * count
            energies, left = energies[held], left[:, held]
            roots = energies.sqrt()
            return cls(left * roots, features.T @ (left / roots), energies)
        energies, basis = _eigh(features.T @ features)
        return cls(features @ basis, basis, energies)

    def back(self, weight: torch.Tensor, bias: torch.Tensor, converged: bool = True) -> Solution:
        """Return the solution on the features of (C, R) weights on the coordinates."""
        return Solution(weight.double() @ self.basis.double().T, bias.double(), converged)


def _eigh(gram: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return eigenvalues, ascending and not negative, and eigenvectors."""
    with few_threads(0.0):  # LAPACK takes many small steps
        values, vectors = torch.linalg.eigh(gram)
        # single precision can end in NaN where many eigenvalues are nearly the same
        if not bool(torch.isfinite(values).all()):
            wide = torch.linalg.eigh(gram.double())
            values, vectors = (each.to(gram.dtype) for each in wide)
    return values.clamp(min=0.0), vectors


def ridge(features: torch.Tensor, labels: torch.Tensor, n_classes: int, strengths: Sequence[float]) -> list[Solution]:
    """Fit one-hot targets by least squares with an l2 penalty, in closed form, for all strengths.

    Features (N, D) float64 with zero mean, labels (N,). Minimises the sum of squares plus `l2` times the squared
    weights, the bias free (Hoerl and Kennard, 1970): scikit-learn's `RidgeClassifier(alpha=l2)` but for targets of
    0 and 1 in place of -1 and 1, which scales the scores.
    """
    # one eigendecomposition, of the smaller Gram matrix, serves all strengths
    count, width = features.shape
    targets = torch.nn.functional.one_hot(labels, n_classes).double()
    bias = targets.mean(0)
    targets -= bias
    with few_threads(2.0 * count * width * min(count, width)):
        if count < width:
            energies, basis = _eigh(features @ features.T)
            projected = targets.T @ basis
            weights = [(projected / (energies + l2)) @ (basis.T @ features) for l2 in strengths]
        else:
            energies, basis = _eigh(features.T @ features)
            projected = (targets.T @ features) @ basis
            weights = [(projected / (energies + l2)) @ basis.T for l2 in strengths]
    return [Solution(weight, bias) for weight in weights]


def logistic(
    features: torch.Tensor,
    labels: torch.Tensor,
    n_classes: int,
    strengths: Sequence[float],
    tolerance: float = 1e-5,
    progress: Callable[[int], None] | None = None,
) -> list[Solution]:
    """Minimise the sum of cross entropies plus l2 / 2 times the squared weights, the bias free, for all strengths.

    Features (N, D) float64 with zero mean, labels (N,). Each is scikit-learn's `LogisticRegression(C=1 / l2)`; of two
    classes, to which it gives one vector of weights in place of two, `C=2 / l2`. Solved until no entry of the mean
    loss's gradient is above `tolerance`, or for `MAX_ITERATIONS`: L-BFGS (Liu and Nocedal, 1989) in the features'
    eigenbasis, preconditioned by Böhning's bound of the Hessian (1992); the strengths share each pass over the
    features. `progress` is called with the number of strengths that are solved.
    """
    count, width = features.shape
    solutions: list[Solution] = []
    rotated = Rotated.of(features.float())
    with few_threads(4.0 * count * width * n_classes * len(strengths)):
        together = max(1, STATE_ELEMENTS // (2 * MEMORY * n_classes * (rotated.coordinates.shape[1] + 1)))
        for start in range(0, len(strengths), together):
            some = torch.tensor(strengths[start : start + together], dtype=torch.float64)
            points, ended = _Descent(rotated, labels, n_classes, some, tolerance).run()
            solutions += [
                rotated.back(point[:, :-1], point[:, -1], bool(done)) for point, done in zip(points, ended, strict=True)
            ]
            if progress:
                progress(len(solutions))
    return solutions


def cross_entropy(
    coordinates: torch.Tensor, labels: torch.Tensor, points: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the sums of cross entropy (K,) in float64 and their gradients (K, C, R + 1) at K points, bias last."""
    kinds, classes, _ = points.shape
    weight = points[:, :, :-1].reshape(kinds * classes, -1)
    bias = points[:, :, -1].reshape(-1, 1)
    loss = torch.zeros(kinds, dtype=torch.float64)
    gradient = torch.zeros_like(points)
    step = max(1, CHUNK_ELEMENTS // (kinds * classes))
    for start in range(0, len(labels), step):
        rows = coordinates[start : start + step]
        at_truth = labels[start : start + step].expand(kinds, 1, -1)
        # images last: a softmax along the last, short axis takes twenty times as long
        logits = torch.addmm(bias, weight, rows.T).view(kinds, classes, -1)
        shares = torch.log_softmax(logits, 1)
        loss -= shares.gather(1, at_truth).sum((1, 2), dtype=torch.float64)
        shares.exp_().scatter_add_(1, at_truth, shares.new_full((1, 1, 1), -1.0).expand(at_truth.shape))
        gradient[:, :, :-1] += (shares.view(kinds * classes, -1) @ rows).view(kinds, classes, -1)
        gradient[:, :, -1] += shares.sum(2)
    return loss, gradient


class _Descent:
    """L-BFGS on K problems that differ in their strength only; each has its own step length and its own end.

    The two loops of L-BFGS run on inner products (Chen et al., 2014): the remembered pairs are read twice a step, not
    forty times.
    """

    def __init__(
        self, rotated: Rotated, labels: torch.Tensor, n_classes: int, strengths: torch.Tensor, tolerance: float
    ) -> None:
        count, rank = rotated.coordinates.shape
        self.coordinates, self.labels = rotated.coordinates, labels
        self.count, self.tolerance = count, tolerance
        self.shape = (len(strengths), n_classes, rank + 1)
        free = torch.ones(rank + 1, dtype=torch.float64)
        free[-1] = 0.0
        penalty = strengths.view(-1, 1, 1) * free / count
        # the bias is one more feature, that is always one
        energies = torch.cat([rotated.energies.double() / count, torch.ones(1, dtype=torch.float64)])
        # variables scaled by Böhning's bound: a unit step is safe at the start, and fewer steps are needed (40 problems
        # of 1,000 x 512 features took 1.56 s of CPU time so, and 3.80 without)
        self.scale = (energies / 2 + penalty).clamp(min=1e-12).rsqrt().float()
        self.penalty = penalty.float()

    def objective(self, scaled: torch.Tensor, active: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the mean objective (K,), its gradient in the scaled variables, and the plain one's largest entry."""
        scale, penalty = self.scale[active], self.penalty[active]
        points = scaled * scale
        loss, gradient = cross_entropy(self.coordinates, self.labels, points)
        pull = penalty * points
        gradient = gradient / self.count + pull
        value = loss / self.count + (pull * points).sum((1, 2), dtype=torch.float64) / 2
        return value, gradient * scale, gradient.abs().amax((1, 2))

    def run(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the minimisers (K, C, R + 1), float32, and which of them were reached (K,)."""
        active = torch.arange(self.shape[0])
        found, ended = torch.zeros(self.shape), torch.zeros(self.shape[0], dtype=torch.bool)
        point = torch.zeros(self.shape)
        value, gradient, _ = self.objective(point, active)
        memory = _Memory(self.shape[0], point[0].numel())
        direction, length = -gradient, torch.ones(len(active))
        for _ in range(MAX_ITERATIONS):
            slope = (direction * gradient).sum((1, 2), dtype=torch.float64)
            step = length.view(-1, 1, 1) * direction
            tried, its_gradient, largest = self.objective(point + step, active)
            its_slope = (direction * its_gradient).sum((1, 2), dtype=torch.float64)
            taken = acceptable(value, slope, tried, its_slope, length)
            mask = taken.view(-1, 1, 1)
            step, change = step * mask, (its_gradient - gradient) * mask
            point, gradient = point + step, gradient + change
            value = torch.where(taken, tried, value)
            length = torch.where(taken, torch.ones_like(length), _shorter(length, slope, its_slope))
            direction = torch.where(mask, memory.direction(step, change, gradient), direction)
            done = (taken & (largest < self.tolerance)) | (length < SHORTEST)
            found[active], ended[active] = point, done & torch.isfinite(value)
            if bool(done.any()):
                # dropped: near its minimum a problem would only chase the rounding of float32
                going = ~done
                active, point, value, gradient = active[going], point[going], value[going], gradient[going]
                direction, length = direction[going], length[going]
                memory.keep(going)
            if len(active) == 0:
                break
        return found * self.scale, ended


class _Memory:
    """The last pairs of steps and gradient changes of K problems, and the inner products between them."""

    def __init__(self, kinds: int, size: int) -> None:
        self.vectors = torch.zeros(kinds, 2 * MEMORY + 1, size)
        """Steps, changes, the gradient."""
        self.products = np.zeros((kinds, 2 * MEMORY + 1, 2 * MEMORY + 1))
        self.stored = 0

    def keep(self, going: torch.Tensor) -> None:
        """Forget the problems that are solved."""
        self.vectors = self.vectors[going]
        self.products = self.products[going.numpy()]

    def direction(self, step: torch.Tensor, change: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        """Remember a pair and return minus the approximate inverse Hessian times the gradient."""
        slot = self.stored % MEMORY
        self.stored += 1
        places = [slot, MEMORY + slot, 2 * MEMORY]
        for place, vector in zip(places, (step, change, gradient), strict=True):
            self.vectors[:, place] = vector.flatten(1)
        fresh = torch.bmm(self.vectors, self.vectors[:, places].transpose(1, 2)).double().numpy()
        self.products[:, :, places] = fresh
        self.products[:, places, :] = fresh.transpose(0, 2, 1)
        order = [count % MEMORY for count in range(max(0, self.stored - MEMORY), self.stored)]
        weights = torch.from_numpy(two_loops(self.products, order)).float()
        return -torch.bmm(weights.unsqueeze(1), self.vectors).view_as(gradient)


def two_loops(products: npt.NDArray[np.float64], order: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return the weights (K, 2 M + 1) of steps, changes and gradient in the inverse Hessian times the gradient.

    `products` (K, 2 M + 1, 2 M + 1) are all their inner products; `order` has the places of the pairs, the oldest
    first. A pair without curvature (of a refused step) is left out.
    """
    memory = (products.shape[1] - 1) // 2
    weights = np.zeros(products.shape[:2])
    weights[:, -1] = 1.0
    curvature = {slot: products[:, slot, memory + slot] for slot in order}
    inverse = {slot: np.divide(1.0, each, out=np.zeros_like(each), where=each > 0) for slot, each in curvature.items()}
    shares = {}
    for slot in reversed(order):
        shares[slot] = inverse[slot] * (weights * products[:, slot]).sum(1)
        weights[:, memory + slot] -= shares[slot]
    newest = memory + order[-1]
    length = products[:, newest, newest]
    known = (curvature[order[-1]] > 0) & (length > 0)
    weights *= np.divide(curvature[order[-1]], length, out=np.ones_like(length), where=known)[:, None]
    for slot in order:
        back = inverse[slot] * (weights * products[:, memory + slot]).sum(1)
        weights[:, slot] += shares[slot] - back
    return weights


def acceptable(
    value: torch.Tensor, slope: torch.Tensor, tried: torch.Tensor, its_slope: torch.Tensor, length: torch.Tensor
) -> torch.Tensor:
    """Say which steps are taken (K,).

    Those are that bring their share of the decrease; and of those whose change float32 can't tell, those past which
    the slope has not turned steep (the approximate condition of Hager and Zhang, 2005).
    """
    enough = tried <= value + ARMIJO * length * slope
    close = tried <= value + FLOOR * value.abs()
    return enough | (close & (its_slope <= (2 * ARMIJO - 1) * slope))


def _shorter(length: torch.Tensor, slope: torch.Tensor, its_slope: torch.Tensor) -> torch.Tensor:
    """Return the length at which the slope vanishes if it changes evenly, but a tenth to a half of the step."""
    guess = length * (slope / (slope - its_slope)).float()
    guess = torch.where(torch.isfinite(guess), guess, length / 2)
    return torch.minimum(torch.maximum(guess, length / 10), length / 2)
