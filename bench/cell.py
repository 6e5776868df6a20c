"""One cell, from its identity to its record."""

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bench.backbones.building import state_sha256
from bench.backbones.sources import source_of
from bench.catalog import METHODS, PROBES
from bench.choices import make
from bench.contracts import (
    Backbone,
    CellJob,
    CellResult,
    CellRun,
    Fitted,
    FrozenPart,
    InputSpec,
    Progress,
    Task,
    WeightsFile,
)
from bench.data.decode import Pixels
from bench.data.splits import BudgetSplit, split_budget
from bench.data.transforms import Geometry
from bench.devices import configure, synchronise
from bench.evaluation import TestSet, evaluate
from bench.features import FrozenFeatures
from bench.profiling import shared_profile
from bench.schema import Cell, content_hash
from bench.seeding import derive
from bench.timing import Phases, rss_mib
from bench.watching import Watch


def run_cell(job: CellJob, progress: Progress) -> CellResult:
    """Run one cell: data, backbone, method, one look at the test set, probes."""
    cell = job.cell
    phases = Phases(cell.device)
    baseline = rss_mib()
    determinism = configure(cell.device, cell.threads, cell.deterministic)
    with phases.phase("data"):
        train, test_pixels = job.data.split("train"), job.data.split("test")
        test_set = TestSet(test_pixels)
        n_classes = len(job.data.about["class_names"])
        subset_seed = derive("subset", cell.dataset.label, cell.seed)
        split = split_budget(train.labels, n_classes, cell.budget, subset_seed, train.groups)
    with phases.phase("build"):
        backbone = build(cell, job.weights)
        before = tensor_hashes(backbone)
    features = frozen_features(job, backbone, content_hash(before), progress)
    task = make_task(cell, backbone, n_classes, train, split, features, progress)
    with phases.phase("train"):
        fitted: Fitted = make(METHODS, cell.method).fit(task)
        synchronise(cell.device)

    def of_test(images: npt.NDArray[np.uint8], part: FrozenPart) -> torch.Tensor:
        return features.of("test", images, part)

    evaluation = evaluate(fitted, test_set, backbone.input, of_test, cell.device, cell.precision, phases)
    after = tensor_hashes(backbone)
    run = CellRun(
        cell=cell,
        backbone=backbone,
        fitted=fitted,
        evaluation=evaluation,
        features=features,
        phases=phases,
        n_classes=n_classes,
        n_labels=len(split.all),
        fit_index=split.fit,
        val_index=split.val,
        train_ids=[train.ids[i] for i in split.all],
        test_ids=test_pixels.ids,
        frozen_unchanged=all(before[name] == after[name] for name in fitted.frozen),
        baseline_rss_mib=baseline,
        workers=job.workers,
        profile=shared_profile(
            job,
            fitted,
            lambda watch: rehearse(job, task, features.network, watch),
            sum(phases.wall_s.values()),
            progress,
        ),
    )
    fields = {"determinism": determinism, **provenance(job, backbone, split, train.labels, run)}
    for name in PROBES.names():
        fields |= PROBES.entry(name).load()(run)
    return CellResult(fields, side_arrays(run, split))


def run_alone(job: CellJob, progress: Progress) -> CellResult:
    """Run one cell that shares nothing: what it extracts is its own, and gone with it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return run_cell(
            dataclasses.replace(job, places=dataclasses.replace(job.places, cache_dir=Path(folder))), progress
        )


def build(cell: Cell, weights: WeightsFile) -> Backbone:
    """Make the backbone; random weights hang on the cell's seed and the backbone's name alone."""
    torch.manual_seed(derive("weights", cell.backbone, cell.seed))
    backbone = source_of(cell.backbone).build(cell.backbone, weights.path, cell.image_size)
    network = backbone.network.to(cell.device)
    network.to(memory_format=torch.channels_last)
    return backbone


def frozen_features(job: CellJob, backbone: Backbone, network: str, progress: Progress) -> FrozenFeatures:
    """Return the features that the cell shares with others; nothing is extracted before they are asked for."""
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
    )


def make_task(
    cell: Cell,
    backbone: Backbone,
    n_classes: int,
    train: Pixels,
    split: BudgetSplit,
    features: FrozenFeatures,
    progress: Progress,
) -> Task:
    """Return what the method may see: nothing of the test set."""
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
    )


def rehearse(job: CellJob, task: Task, network: str, watch: Watch) -> Fitted:
    """Train a fresh copy of the backbone on the same task while somebody looks on; costs go on no account."""
    backbone = build(job.cell, job.weights)
    features = frozen_features(job, backbone, network, task.progress)
    again = dataclasses.replace(
        task,
        backbone=backbone,
        outputs=lambda part, view: features.of("train", task.images, part, view),
        watch=watch,
    )
    fitted: Fitted = make(METHODS, job.cell.method).fit(again)
    return fitted


def seeds(cell: Cell) -> Callable[[str], int]:
    """Return a seed for each use, from names, set after the backbone is built."""
    return lambda use: derive(use, cell.dataset.label, cell.backbone, cell.method.name, cell.seed)


def tensor_hashes(backbone: Backbone) -> dict[str, str]:
    """Return the SHA-256 of each tensor of the network's state."""
    state = backbone.network.state_dict()
    return {name: state_sha256(state, [name]) for name in state}


def provenance(
    job: CellJob, backbone: Backbone, split: BudgetSplit, labels: npt.NDArray[np.int64], run: CellRun
) -> dict[str, Any]:
    """Return what was learnt from, with which weights, and by what rule the model was chosen."""
    per_class = np.bincount(labels[split.all], minlength=run.n_classes)
    return {
        "dataset_fingerprint": job.data_fingerprint,
        "weights_fingerprint": job.weights.fingerprint,
        "weights_sha256": job.weights.sha256,
        "weights_source": job.weights.source,
        "weights_license": job.weights.license,
        "fraction": len(split.all) / len(labels),
        "labels_per_class": int(per_class[0]) if len(set(per_class.tolist())) == 1 else None,
        "n_labels": len(split.all),
        "n_train": len(split.fit),
        "n_val": len(split.val),
        "n_test": len(run.evaluation.labels),
        "n_classes": run.n_classes,
        "subset_sha256": split.sha256,
        "test_sha256": content_hash(list(run.test_ids)),
        "frozen_part": run.fitted.part.name if run.fitted.part else None,
        "frozen_part_reason": run.fitted.part_reason,
        "selection": run.fitted.selection,
        "chosen": run.fitted.choice,
        "transform": preprocessing(Geometry.of(backbone.input, job.cell.image_size), backbone.input),
        "memory_format": "channels_last",
    }


def preprocessing(geometry: Geometry, spec: InputSpec) -> str:
    """Return the whole preprocessing in words."""
    mean, std = (", ".join(f"{value:.4g}" for value in values) for values in (spec.mean, spec.std))
    return f"{geometry}, normalise mean ({mean}) std ({std})"


def side_arrays(run: CellRun, split: BudgetSplit) -> dict[str, npt.NDArray[Any]]:
    """Return raw step times, losses, predictions with their probabilities, and the indices of the budget."""
    evaluation, trace = run.evaluation, run.fitted.trace
    arrays: dict[str, npt.NDArray[Any]] = {
        "labels": evaluation.labels.astype(np.int32),
        "predictions": evaluation.logits.argmax(1).numpy().astype(np.int32),
        "probabilities": evaluation.logits.softmax(1).numpy().astype(np.float16),
        "candidate_accuracies": np.asarray(evaluation.candidate_accuracies),
        "fit_index": split.fit,
        "val_index": split.val,
    }
    if trace is not None:
        arrays |= {
            "step_s": np.asarray(trace.wall_s),
            "step_cpu_s": np.asarray(trace.cpu_s),
            "losses": np.asarray(trace.losses),
            "step_images": np.asarray(trace.images),
        }
    return arrays
