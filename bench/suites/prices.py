"""Says how long cells are expected to take, from the time of one batch. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.catalog import METHODS
from bench.schema import Cell


@dataclass(frozen=True)
class Speed:
    """What one batch costs a backbone here, measured before the run."""

    step_s: float
    """Seconds of forward pass, backward pass and update for `batch` images."""
    forward_s: float
    """Seconds of a forward pass of `batch` images."""
    batch: int
    train_images: int
    test_images: int


FIXED_S = {"features": 1.5, "partial": 2.0, "full": 2.0}
"""Seconds that a cell takes beside its steps: fork, build, read, solve. A guess; the cells that are done correct it."""
PROFILE_S = 1.5
"""Seconds that a profile takes beside its steps."""
PROFILE_STEPS = 30
"""Steps that a profile takes of a cell that trains a network."""
# four corruptions in five strengths, each on at most 1,000 images
CORRUPTED, MOST_CORRUPTED = 20, 20_000
"""How often the corruptions look at the test set, and at how many images at most."""
PARTIAL_SHARE = 0.6
"""Time of a step of partial fine-tuning over one of full fine-tuning. A guess, made before any has been seen."""


def cost_of(cell: Cell) -> str:
    """Return what a step of the cell's method works on."""
    cost: str = METHODS.entry(cell.method.name).load().cost
    return cost


def price(cell: Cell, speed: Speed) -> float:
    """Return the seconds that a cell is expected to take, shared features aside."""
    cost = cost_of(cell)
    if cost == "features":
        return _runs(cell) * FIXED_S[cost]
    labels = _expected_labels(cell, speed.train_images)
    batch = min(cell.training.batch_size, labels)
    steps = cell.training.steps or max(1, round((cell.training.epochs or 1) * labels / batch))
    step = speed.step_s * batch / speed.batch * _step_share(cell, cost)
    # each checkpoint answers the validation part, a fifth of the budget, and later the test set for the oracle
    seen = cell.training.checkpoints * (speed.test_images + labels / 5)
    training = _runs(cell) * (FIXED_S[cost] + steps * step + seen * speed.forward_s / speed.batch)
    return training + corruption_price(cell, speed)


def _step_share(cell: Cell, cost: str) -> float:
    """Return the time of a step over that of one in which everything learns from a batch of the target."""
    if cost == "partial":
        return PARTIAL_SHARE
    return 2 if cell.source else 1  # a batch of the source takes one of the target along


def corruption_price(cell: Cell, speed: Speed) -> float:
    """Return the seconds for looking at corrupted test images, where that is asked for."""
    seen = min(CORRUPTED * speed.test_images, MOST_CORRUPTED) if "corruptions" in cell.probes else 0
    return seen * speed.forward_s / speed.batch


def _runs(cell: Cell) -> float:
    """Return how many whole trainings a cell comes to, trials included."""
    count = len(cell.trials)
    if count == 0:
        return 1
    if cell.search == "short":  # all together as long as one
        return 2
    # each rung of successive halving has half the trials for twice the steps: together one or two whole trainings
    return 1 + (2 * math.log2(count) if cell.search == "halving" else count)


def extraction_price(cells: Sequence[Cell], speed: Speed) -> float:
    """Return the seconds for the frozen features that cells of one backbone share: one pass for each network."""
    frozen = [cell for cell in cells if cost_of(cell) == "features"]
    # random weights are another network for each seed that draws them
    networks = {
        (cell.weights, cell.seeds.init if cell.weights == "random" else None, cell.precision) for cell in frozen
    }
    passes = (speed.train_images + speed.test_images) * speed.forward_s / speed.batch
    return len(networks) * (passes + max((corruption_price(cell, speed) for cell in frozen), default=0.0))


def profile_kind(cell: Cell, train_images: int) -> tuple[str, int]:
    """Return what cells of one backbone and data set have in common that share a profile: method and batch."""
    return cell.method.label, min(cell.training.batch_size, _expected_labels(cell, train_images))


def profile_price(cells: Sequence[Cell], speed: Speed) -> float:
    """Return the seconds for the profiles, each of which is measured once for cells alike."""
    alike = {profile_kind(cell, speed.train_images): cell for cell in cells}
    return math.fsum(
        PROFILE_S if cost_of(cell) == "features" else PROFILE_S + PROFILE_STEPS * speed.step_s * batch / speed.batch
        for (_, batch), cell in alike.items()
    )


def _expected_labels(cell: Cell, train_images: int) -> int:
    """Return how many images a cell trains on, as far as its suite tells.

    How large a source is isn't known here: as large as the target, for want of a better guess.
    """
    budget = cell.budget
    if cell.source is not None:
        return train_images
    if budget.kind == "fraction":
        return max(2, round(budget.value * train_images))
    # nor how many classes there are: ten
    return min(train_images, int(budget.value) * (10 if budget.kind == "labels_per_class" else 1))
