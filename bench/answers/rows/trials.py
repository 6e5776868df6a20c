"""What tuning brought and cost, over the seeds of one row. Pure."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.records.record import Record
from bench.statistics.intervals import Estimate, mean_interval

OWN_TRIALS = "short"
"""What a record's `search` says where a method tried rates by itself."""


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
    """Of the middle one of the settings that were trained the longest: what a setting drawn at random brings."""
    worst: Estimate
    """Of the worst of them; a training that diverged counts as 0."""
    optimism: Estimate
    """Validation accuracy of the best over its test accuracy: the best of many is partly luck."""
    edges: Mapping[str, int]
    """Cells whose best value lay at the edge of what was tried, by key."""
    by_learning_rate: tuple[tuple[float, float], ...]
    """Learning rates that were trained the longest, each with its mean validation accuracy; empty without any."""


def tried_of(group: Sequence[Record]) -> Tried | None:
    """Return what the cells of a row tried; null where none was asked to try anything."""
    # what methods try by themselves is trained for a part of the steps, and compares with no result
    tuned = [record for record in group if record.trials and record.search != OWN_TRIALS]
    if not tuned:
        return None
    scores = list(map(_scores, tuned))
    best = list(map(max, scores))
    return Tried(
        search=tuned[0].search or "",
        trials=max(len(_distinct(record)) for record in tuned),
        tune_s=mean_interval([record.tune_s or 0.0 for record in tuned]),
        best=mean_interval(best),
        median=mean_interval(list(map(statistics.median, scores))),
        worst=mean_interval(list(map(min, scores))),
        optimism=mean_interval([top - (record.accuracy or 0.0) for record, top in zip(tuned, best, strict=True)]),
        edges=Counter(key for record in tuned for key in _edges(record)),
        by_learning_rate=_by_learning_rate(tuned),
    )


def _edges(record: Record) -> Sequence[str]:
    found: Sequence[str] = (record.chosen or {}).get("tuned_edges", ())
    return found


def _by_learning_rate(records: Sequence[Record]) -> tuple[tuple[float, float], ...]:
    found: dict[float, list[float]] = {}
    for trial in (trial for record in records for trial in longest(record)):
        rate = trial["settings"].get("learning_rate")
        if rate is not None:
            found.setdefault(float(rate), []).append(_score(trial))
    return tuple((rate, statistics.fmean(values)) for rate, values in sorted(found.items()))


def _scores(record: Record) -> list[float]:
    """Validation accuracies of the settings that were trained the longest."""
    return list(map(_score, longest(record)))


def longest(record: Record) -> list[Mapping[str, Any]]:
    """Return the trials that were trained the longest: in full, where any was."""
    trials = record.trials or []
    most = max((_share(trial) for trial in trials), default=1.0)
    return [trial for trial in trials if _share(trial) == most]


def _share(trial: Mapping[str, Any]) -> float:
    share = trial.get("share", 1.0)
    return float(share) if isinstance(share, int | float) else 0.0


def _score(trial: Mapping[str, Any]) -> float:
    return float(trial["val_accuracy"] or 0.0)


def _distinct(record: Record) -> set[str]:
    return {str(trial["settings"]) for trial in record.trials or ()}
