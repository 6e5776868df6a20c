"""One cell, from its identity to its record."""

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bench.catalog import METHODS, PROBES
from bench.cell.assembly import build, choose, frozen_features, make_task, rehearse, tensor_hashes, tune_cell
from bench.cell.evaluation import TestSet, evaluate
from bench.cell.job import CellJob, CellResult, CellRun
from bench.cell.profiling import shared_profile
from bench.contracts.data import Progress
from bench.contracts.networks import FrozenPart, InputSpec
from bench.contracts.training import Fitted, Task
from bench.data.splits import BudgetSplit
from bench.data.transforms import Geometry
from bench.machine.devices import configure, synchronise
from bench.machine.timing import Phases, rss_mib
from bench.schema import content_hash
from bench.suites.choices import make


def run_cell(job: CellJob, progress: Progress) -> CellResult:
    """Run one cell: data, backbone, method, one look at the test set, probes."""
    cell = job.cell
    METHODS.require(cell.method.name)  # seconds that are no phase's
    phases = Phases(cell.device)
    baseline = rss_mib()
    determinism = configure(cell.device, cell.threads, cell.deterministic)
    with phases.phase("data"):
        train, test_pixels = job.data.split("train"), job.data.split("test")
        test_set = TestSet(test_pixels)
        n_classes = len(job.data.about["class_names"])
    with phases.phase("build"):
        backbone = build(cell, job.weights)
        before = tensor_hashes(backbone)
    network = content_hash(before)
    features = frozen_features(job, backbone, network, progress, phases)
    with phases.phase("select"):
        split = choose(cell, n_classes, train, features)
    task = make_task(job, backbone, n_classes, train, split, features, progress)
    with phases.phase("tune"):
        tuned = tune_cell(job, task, network, phases)
    task = dataclasses.replace(task, training=tuned.cell.training)
    with phases.phase("train"):
        fitted: Fitted = make(METHODS, tuned.cell.method).fit(task)
        synchronise(cell.device)

    def of_test(images: npt.NDArray[np.uint8], part: FrozenPart) -> torch.Tensor:
        return features.of("test", images, part)

    evaluation = evaluate(fitted, test_set, backbone.input, of_test, cell.device, cell.precision, phases)
    after = tensor_hashes(backbone)
    run = CellRun(
        cell=cell,
        job=job,
        task=task,
        backbone=backbone,
        fitted=fitted,
        evaluation=evaluation,
        features=features,
        phases=phases,
        n_classes=n_classes,
        n_labels=len(split.all),
        seen=images_seen(task, split),
        fit_index=split.fit,
        val_index=split.val,
        train_ids=[train.ids[i] for i in split.all],
        test_ids=test_pixels.ids,
        tuned=tuned,
        frozen_unchanged=all(before[name] == after[name] for name in fitted.frozen),
        baseline_rss_mib=baseline,
        workers=job.workers,
        profile=shared_profile(
            dataclasses.replace(job, cell=tuned.cell),
            fitted,
            lambda watch: rehearse(dataclasses.replace(job, cell=tuned.cell), task, network, watch),
            sum(phases.wall_s.values()),
            progress,
        ),
    )
    fields = {"determinism": determinism, **provenance(job, task, split, run)}
    for name in (*always_taken(), *cell.probes):
        fields |= PROBES.entry(name).load()(run)
    return CellResult(fields, side_arrays(run, split))


def always_taken() -> list[str]:
    """Return the probes that nobody has to ask for."""
    return [name for name in PROBES.names() if not PROBES.entry(name).optional]


def images_seen(task: Task, split: BudgetSplit) -> dict[str, int]:
    """Return how many images a cell learns from: those of its budget, or of both domains all there are."""
    if task.source is None:
        return {"train": len(split.all)}
    return {"train": len(task.images), "source": len(task.source.labels)}


def run_alone(job: CellJob, progress: Progress) -> CellResult:
    """Run one cell that shares nothing: what it extracts is its own, and gone with it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return run_cell(
            dataclasses.replace(job, places=dataclasses.replace(job.places, cache_dir=Path(folder))), progress
        )


def provenance(job: CellJob, task: Task, split: BudgetSplit, run: CellRun) -> dict[str, Any]:
    """Return what was learnt from, with which weights, and by what rule the model was chosen."""
    labels, source = task.labels, task.source
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
        "chosen": run.fitted.choice | _tuned(run),
        "trials": run.tuned.trials,
        "source_fingerprint": job.source_fingerprint,
        "n_source": len(source.labels) if source else None,
        "transform": preprocessing(Geometry.of(run.backbone.input, job.cell.image_size), run.backbone.input),
        "memory_format": "channels_last",
    }


def _tuned(run: CellRun) -> dict[str, Any]:
    """Return what tuning chose; nothing where nothing was tried."""
    if run.tuned.trials is None:
        return {}
    settings = {**dataclasses.asdict(run.tuned.cell.training), **run.tuned.cell.method.params}
    return {"tuned": {key: settings[key] for key in run.cell.trials[0]}, "tuned_edges": list(run.tuned.edges)}


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
