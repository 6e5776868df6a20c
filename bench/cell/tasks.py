"""What a method sees of a cell: its labelled images, and those of a source. Nothing of the test set."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from bench.catalog import METHODS, SELECTIONS
from bench.cell.job import CellJob
from bench.cell.own_parts import choose_by
from bench.contracts.data import Progress
from bench.contracts.networks import Backbone, FrozenPart
from bench.contracts.training import SourceDomain, Task, Watch
from bench.data.decode import Pixels
from bench.data.selection import Pool
from bench.data.splits import BudgetSplit, folds_of, index_sha256, part_budget
from bench.errors import InvalidData
from bench.learning.features import FrozenFeatures
from bench.schema import Cell
from bench.seeding import derive
from bench.suites.choices import make

SUBSET_USES = ("source validation",)


INIT_USES = ("init", "products", "critic")
"""Uses of chance that choose images, and uses that make new parameters. All others belong to the order of training."""


def choose(job: CellJob, n_classes: int, train: Pixels, features: FrozenFeatures) -> BudgetSplit:
    """Choose the images of the budget by the cell's rule, and part them into training and validation.

    Where the user brought images to select on, all of the budget is learnt from.
    """
    cell, own = job.cell, job.own_validation
    labels = train.labels[: len(train.labels) - own]
    seed = derive("subset", cell.dataset.label, cell.seeds.subset)
    whole = FrozenPart("features", features.backbone.network)

    def outputs() -> npt.NDArray[np.float32]:
        made: npt.NDArray[np.float32] = features.of("train", train.images, whole).numpy()
        return made[: len(labels)]

    chosen = choose_by(SELECTIONS.entry(cell.selection), Pool(labels, n_classes, cell.budget, seed, outputs))
    if own:
        return BudgetSplit(chosen, np.arange(len(labels), len(train.labels)), own=True)
    return part_budget(chosen, labels, n_classes, seed, train.groups)


def make_task(
    job: CellJob,
    backbone: Backbone,
    n_classes: int,
    train: Pixels,
    split: BudgetSplit,
    features: FrozenFeatures,
    progress: Progress,
) -> Task:
    """Return what the method may see: nothing of the test set."""
    cell = job.cell
    source = source_domain(job) if job.source else None
    seed = derive("subset", cell.dataset.label, cell.seeds.subset)
    folds = folds_of(split, train.labels, n_classes, seed, train.groups)
    return Task(
        backbone=backbone,
        n_classes=n_classes,
        images=train.images,
        labels=train.labels,
        fit_index=split.fit,
        val_index=split.val,
        outputs=lambda part, view: features.of("train", train.images, part, view),
        training=cell.training,
        device=cell.device,
        precision=cell.precision,
        seed_of=seeds(cell),
        progress=progress,
        watch=Watch(),
        source=source,
        source_outputs=source_outputs(job, source, features) if source else None,
        own_validation=split.own,
        folds=folds,
    )


def source_outputs(
    job: CellJob, source: SourceDomain, features: FrozenFeatures
) -> Callable[[FrozenPart], torch.Tensor]:
    """Return what makes or fetches a frozen part's outputs for the source's images."""
    assert job.source is not None
    # which images of the source are used hangs on the target's classes, so the key names them
    key = f"{job.source.path.name} {index_sha256(source.index)}"
    return lambda part: features.of("source", source.images, part, data_key=key)


def source_domain(job: CellJob) -> SourceDomain:
    """Return the source's training images of the target's classes, which are matched by name."""
    assert job.source is not None
    pixels = job.source.split("train")
    labels = classes_of_target(job)[pixels.labels]
    wanted = np.flatnonzero(labels >= 0)
    # where all are wanted they stay mapped from the disk; an index would read them into memory
    images = pixels.images if len(wanted) == len(labels) else pixels.images[wanted]
    return SourceDomain(images, labels[wanted], wanted)


def classes_of_target(job: CellJob) -> npt.NDArray[np.int64]:
    """Return the target's index of each class of the source, -1 where the target lacks it.

    Raises `InvalidData` where the source lacks a class of the target.
    """
    assert job.source is not None
    assert job.cell.source is not None
    theirs, mine = job.source.about["class_names"], job.data.about["class_names"]
    lacking = [name for name in mine if name not in theirs]
    if lacking:
        names = ", ".join(lacking[:10])
        raise InvalidData(f"source {job.cell.source.label}: has no class {names}; give one with the target's classes")
    return np.array([mine.index(name) if name in mine else -1 for name in theirs], np.int64)


def seeds(cell: Cell) -> Callable[[str], int]:
    """Return what derives a seed for each use, from names."""
    # a method that is another one with something added draws that one's numbers, so that they differ in nothing else
    name = getattr(make(METHODS, cell.method), "seeds_as", cell.method.name)
    apart = {**dict.fromkeys(SUBSET_USES, cell.seeds.subset), **dict.fromkeys(INIT_USES, cell.seeds.init)}
    return lambda use: derive(use, cell.dataset.label, cell.backbone, name, apart.get(use, cell.seeds.order))
