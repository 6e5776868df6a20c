"""Calls a job's function, which is named by text: the one thing that all executors do alike."""

import importlib

from bench.contracts.data import Progress
from bench.outcomes import Outcome, attempt
from bench.running.jobs import Job


def call(job: Job, progress: Progress) -> Outcome:
    """Return what the job gives, or how it ended without giving anything."""
    module, _, name = job.function.partition(":")
    return attempt(lambda: getattr(importlib.import_module(module), name)(job.argument, progress))
