"""What tuning brought and cost, over the seeds of one row. Pure."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.records.record import Record
from bench.statistics.intervals import Estimate, mean_interval


@dataclass(frozen=True)
class Tried:
    """The trials of cells that differ in their seed only."""

    search: str
    trials: int
    """Settings tried in each cell; with halving some of them for a part of the steps."""
    tune_s: Estimate
    best: Estimate
    """Validation accuracy of the settings that were taken."""
    median: Estimate
    """Of the middle one of the settings that were trained in full: what a setting drawn at random brings."""
    worst: Estimate
    """Of the worst of them; a training that diverged counts as 0."""
    optimism: Estimate
    """Validation accuracy of the best over its test accuracy: the best of many is partly luck."""
    edges: Mapping[str, int]
    """Cells whose best value lay at the edge of what was tried, by key."""
    by_learning_rate: tuple[tuple[float, float], ...]
    """Learning rates that were trained in full, each with its mean validation accuracy; empty where none was tried."""


def tried_of(group: Sequence[Record]) -> Tried | None:
    """Return what the cells of a row tried; null where none tried anything."""
    tuned = [record for record in group if record.trials]
    if not tuned:
        return None
    scores = [_scores(record) for record in tuned]
    return Tried(
        search=tuned[0].search or "",
        trials=max(len(_distinct(record)) for record in tuned),
        tune_s=mean_interval([record.tune_s or 0.0 for record in tuned]),
        best=mean_interval([max(found) for found in scores]),
        median=mean_interval([statistics.median(found) for found in scores]),
        worst=mean_interval([min(found) for found in scores]),
        optimism=mean_interval(
            [max(found) - (record.accuracy or 0.0) for record, found in zip(tuned, scores, strict=True)]
        ),
        edges=Counter(key for record in tuned for key in (record.chosen or {}).get("tuned_edges", ())),
        by_learning_rate=_by_learning_rate(tuned),
    )


def _by_learning_rate(records: Sequence[Record]) -> tuple[tuple[float, float], ...]:
    found: dict[float, list[float]] = {}
    for record in records:
        for trial in record.trials or ():
            rate = trial["settings"].get("learning_rate")
            if rate is not None and trial["share"] == 1.0:
                found.setdefault(float(rate), []).append(float(trial["val_accuracy"] or 0.0))
    return tuple((rate, statistics.fmean(values)) for rate, values in sorted(found.items()))


def _scores(record: Record) -> list[float]:
    """Validation accuracies of the settings that were trained in full."""
    return [float(trial["val_accuracy"] or 0.0) for trial in record.trials or () if trial["share"] == 1.0]


def _distinct(record: Record) -> set[str]:
    return {str(trial["settings"]) for trial in record.trials or ()}
