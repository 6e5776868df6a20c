"""`run_cell`, the experiment: from a cell with all it needs to the fields of its record, top to bottom."""

import dataclasses
import functools

from bench.catalog import METHODS, PROBES
from bench.cell.evaluation import TestSet, evaluate
from bench.cell.job import CellJob, CellResult, CellRun
from bench.cell.networks import build, frozen_features, tensor_hashes
from bench.cell.own_parts import measured
from bench.cell.profiling import shared_profile
from bench.cell.provenance import provenance, side_arrays
from bench.cell.rehearsal import rehearse, tune_cell
from bench.cell.tasks import choose, make_task
from bench.contracts.data import Progress
from bench.contracts.training import Fitted, Task
from bench.data.splits import BudgetSplit
from bench.machine.devices import configure, synchronise
from bench.machine.timing import Phases, rss_mib
from bench.machine.writing import temporary_folder
from bench.schema import content_hash
from bench.suites.choices import make


def run_cell(job: CellJob, progress: Progress) -> CellResult:
    """Run one cell: data, backbone, method, one look at the test set, probes."""
    cell = job.cell
    METHODS.require(cell.method.name)  # imported here: the seconds that an extra takes are no phase's
    phases = Phases(cell.device)
    baseline = rss_mib()
    determinism = configure(cell.device, cell.threads, cell.deterministic)

    with phases.phase("data"):
        train, test_pixels = job.data.split("train"), job.data.split("test")
        test_set = TestSet(test_pixels)
        n_classes = len(job.data.about["class_names"])
    with phases.phase("build"):
        backbone = build(cell, job.weights)
        before = tensor_hashes(backbone)  # against those after training: frozen means bit for bit
    network = content_hash(before)
    features = frozen_features(job, backbone, network, progress, phases)
    with phases.phase("select"):
        split = choose(job, n_classes, train, features)
    task = make_task(job, backbone, n_classes, train, split, features, progress)

    with phases.phase("tune"):
        tuned = tune_cell(job, task, network, phases)
    tuned_job = dataclasses.replace(job, cell=tuned.cell)
    task = dataclasses.replace(task, training=tuned.cell.training)
    with phases.phase("train"):
        fitted: Fitted = make(METHODS, tuned.cell.method).fit(task)
        synchronise(cell.device)  # a GPU may still be training when its last step has been asked for

    # all choices are made: only now is the test set opened
    outputs = functools.partial(features.of, "test")
    evaluation = evaluate(fitted, test_set, backbone.input, outputs, cell.device, cell.precision, phases)
    after = tensor_hashes(backbone)
    # in passes of its own, after all phases: to wait for the device after each part of a step changes its time
    again = functools.partial(rehearse, tuned_job, task, network)
    profile = shared_profile(cell, tuned_job, fitted, again, sum(phases.wall_s.values()), progress)
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
        profile=profile,
    )

    fields = {"determinism": determinism, **provenance(run, split)}
    for name in (*always_taken(), *cell.probes):
        fields |= measured(PROBES.entry(name), run, fields)
    return CellResult(fields, side_arrays(run, split))


def images_seen(task: Task, split: BudgetSplit) -> dict[str, int]:
    """Return how many images a cell learns from: those of its budget, or all of both domains where it has a source."""
    if task.source is None:
        return {"train": len(split.fit) + len(split.val)}
    return {"train": len(task.images), "source": len(task.source.labels)}


def always_taken() -> list[str]:
    """Return the probes that nobody has to ask for."""
    return [name for name in PROBES.names() if not PROBES.entry(name).optional]


def run_alone(job: CellJob, progress: Progress) -> CellResult:
    """Run one cell that shares nothing: it extracts its own features, and they are deleted with it."""
    with temporary_folder() as folder:
        places = dataclasses.replace(job.places, cache_dir=folder)
        return run_cell(dataclasses.replace(job, places=places), progress)
