"""Trains a cell again on the side, for trials of settings and for profiles; neither touches its result."""

import dataclasses

from bench.catalog import METHODS
from bench.cell.job import CellJob
from bench.cell.networks import build, frozen_features
from bench.cell.tasks import source_outputs
from bench.cell.tuning import Tuned, tune, untuned
from bench.contracts.training import Fitted, Score, Task, Watch
from bench.machine.timing import Phases
from bench.schema import Cell
from bench.suites.choices import make

MOST_GUESSED = 15
"""Validation images up to which what a method tries by itself would be a guess: fewer tell no rate from another."""


def tune_cell(job: CellJob, task: Task, network: str, phases: Phases) -> Tuned:
    """Try the cell's settings, where it has any and the budget leaves images to validate on."""
    enough = MOST_GUESSED if job.cell.search == "short" else 0
    if not job.cell.trials or len(task.val_index) <= enough:
        return untuned(job.cell)

    def validate(cell: Cell) -> Score | None:
        return rehearse(dataclasses.replace(job, cell=cell), task, network, Watch(), phases).score

    return tune(job.cell, validate, task.progress)


def rehearse(job: CellJob, task: Task, network: str, watch: Watch, phases: Phases | None = None) -> Fitted:
    """Train a fresh copy of the backbone on the same task, watched.

    Shared features that it makes are charged to the phases; without phases to nobody.
    """
    # a copy, since training changes the backbone in place: a trial and a profile must start where the cell starts
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
