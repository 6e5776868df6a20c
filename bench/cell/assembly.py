"""What a cell is put together from: its backbone, its features, its images, its task."""

import dataclasses
from collections.abc import Callable

import numpy as np
import torch

from bench.backbones.building import state_sha256
from bench.backbones.sources import source_of
from bench.catalog import METHODS, SELECTIONS
from bench.cell.job import CellJob
from bench.cell.tuning import Tuned, tune, untuned
from bench.contracts.data import Progress
from bench.contracts.networks import Backbone, FrozenPart, WeightsFile
from bench.contracts.training import Fitted, SourceDomain, Task, Watch
from bench.data.decode import Pixels
from bench.data.selection import Pool
from bench.data.splits import BudgetSplit, index_sha256, part_budget
from bench.errors import InvalidData
from bench.learning.features import FrozenFeatures
from bench.machine.timing import Phases
from bench.schema import Cell
from bench.seeding import derive
from bench.suites.choices import make

SUBSET_USES = ("source validation",)
INIT_USES = ("init", "products", "critic")
"""Uses of chance that choose images, and that make new parameters; all others belong to the order of training."""


def build(cell: Cell, weights: WeightsFile) -> Backbone:
    """Make the backbone; random weights hang on the seed of initialisation and the backbone's name alone."""
    torch.manual_seed(derive("weights", cell.backbone, cell.seeds.init))
    backbone = source_of(cell.backbone).build(cell.backbone, weights.path, cell.image_size)
    network = backbone.network.to(cell.device)
    network.to(memory_format=torch.channels_last)
    return dataclasses.replace(backbone)  # its state is what lies on the device


def frozen_features(
    job: CellJob, backbone: Backbone, network: str, progress: Progress, phases: Phases | None = None
) -> FrozenFeatures:
    """Return the features that the cell shares with others; nothing is extracted before they are asked for.

    What they cost is charged to the phases, where there are any.
    """
    cell = job.cell
    return FrozenFeatures(
        name=cell.backbone,
        network=network,
        backbone=backbone,
        data_key=job.data.path.name,
        device=cell.device,
        precision=cell.precision,
        threads=cell.threads,
        root=job.places.cache_dir,
        progress=progress,
        workers=job.workers,
        charge=phases.charge if phases else None,
    )


def choose(cell: Cell, n_classes: int, train: Pixels, features: FrozenFeatures) -> BudgetSplit:
    """Choose the images of the budget by the cell's rule, and part them into training and validation."""
    seed = derive("subset", cell.dataset.label, cell.seeds.subset)
    whole = FrozenPart("features", features.backbone.network)
    pool = Pool(train.labels, n_classes, cell.budget, seed, lambda: features.of("train", train.images, whole).numpy())
    chosen = SELECTIONS.entry(cell.selection).load()(pool)
    return part_budget(chosen, train.labels, n_classes, seed, train.groups)


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
    )


def source_outputs(
    job: CellJob, source: SourceDomain, features: FrozenFeatures
) -> Callable[[FrozenPart], torch.Tensor]:
    """Return what makes or fetches the outputs of a frozen part for the source's images, shared by what they are."""
    assert job.source is not None
    key = f"{job.source.path.name} {index_sha256(source.index)}"
    return lambda part: features.of("source", source.images, part, data_key=key)


def source_domain(job: CellJob) -> SourceDomain:
    """Return the source's training images of the target's classes, which are matched by name."""
    assert job.source is not None
    assert job.cell.source is not None
    pixels = job.source.split("train")
    theirs, mine = job.source.about["class_names"], job.data.about["class_names"]
    lacking = [name for name in mine if name not in theirs]
    if lacking:
        names = ", ".join(lacking[:10])
        raise InvalidData(f"source {job.cell.source.label}: has no class {names}; give one with the target's classes")
    to_mine = np.array([mine.index(name) if name in mine else -1 for name in theirs], np.int64)
    labels = to_mine[pixels.labels]
    wanted = np.flatnonzero(labels >= 0)
    images = pixels.images if len(wanted) == len(labels) else pixels.images[wanted]
    return SourceDomain(images, labels[wanted], wanted)


def tune_cell(job: CellJob, task: Task, network: str, phases: Phases) -> Tuned:
    """Try the cell's settings, where it has any and something validates."""
    if not job.cell.trials or not len(task.val_index):
        return untuned(job.cell)

    def validate(cell: Cell) -> float | None:
        return rehearse(dataclasses.replace(job, cell=cell), task, network, Watch(), phases).val_accuracy

    return tune(job.cell, validate, task.progress)


def rehearse(job: CellJob, task: Task, network: str, watch: Watch, phases: Phases | None = None) -> Fitted:
    """Train a fresh copy of the backbone on the same task while somebody looks on.

    Shared features that it makes are charged to the phases; without phases they are on no account.
    """
    backbone = build(job.cell, job.weights)
    features = frozen_features(job, backbone, network, task.progress, phases)
    again = dataclasses.replace(
        task,
        backbone=backbone,
        outputs=lambda part, view: features.of("train", task.images, part, view),
        source_outputs=source_outputs(job, task.source, features) if task.source else None,
        training=job.cell.training,
        watch=watch,
    )
    fitted: Fitted = make(METHODS, job.cell.method).fit(again)
    return fitted


def seeds(cell: Cell) -> Callable[[str], int]:
    """Return a seed for each use, from names, set after the backbone is built."""
    name = getattr(make(METHODS, cell.method), "seeds_as", cell.method.name)
    apart = {**dict.fromkeys(SUBSET_USES, cell.seeds.subset), **dict.fromkeys(INIT_USES, cell.seeds.init)}
    return lambda use: derive(use, cell.dataset.label, cell.backbone, name, apart.get(use, cell.seeds.order))


def tensor_hashes(backbone: Backbone) -> dict[str, str]:
    """Return the SHA-256 of each tensor that the network was built with, whatever has been put around it since."""
    state = dict(backbone.state)
    return {name: state_sha256(state, [name]) for name in state}
