"""Which setting is best over many tasks: average rank, regret, and critical difference over data sets. Pure."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

Task = tuple[str, str, str]
"""A data set, a backbone (with whatever else has a table of its own), and a label budget."""
Accuracies = Mapping[Task, Mapping[str, float]]

FEWEST_DATA_SETS = 5
"""Below, a test over data sets says next to nothing (Demsar, 2006)."""
LEVEL = 0.05


@dataclass(frozen=True)
class Standing:
    """One setting over all tasks."""

    setting: str
    average_rank: float
    """1 is the best of a task; equals share their ranks."""
    regret: float
    """What always choosing it loses to the best of each task, on average; accuracy in 0 to 1."""
    worst_regret: float
    worst_task: Task


@dataclass(frozen=True)
class CriticalDifference:
    """Friedman's test (1937) over data sets, and the distance of average ranks from which on settings differ."""

    average_ranks: Mapping[str, float]
    """Over data sets, each the mean of its tasks."""
    datasets: int
    p: float
    """Under no difference between the settings."""
    distance: float
    """Nemenyi's critical difference (1963), at 5 %."""

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Groups of settings whose ranks lie no further apart than the distance, best first; none within another."""
        ordered = sorted(self.average_ranks, key=lambda setting: self.average_ranks[setting])
        ranks = [self.average_ranks[setting] for setting in ordered]
        ends = [max(end for end in range(len(ranks)) if ranks[end] - start <= self.distance) for start in ranks]
        return tuple(
            tuple(ordered[start : end + 1])
            for start, end in enumerate(ends)
            if end > start and (start == 0 or end > ends[start - 1])
        )


@dataclass(frozen=True)
class Ranking:
    """Settings over the tasks that all of them share."""

    standings: tuple[Standing, ...]
    """Lowest average rank first."""
    tasks: tuple[Task, ...]
    left_out: tuple[str, ...]
    """Settings that some task lacks."""
    critical: CriticalDifference | None
    """Null with fewer than five data sets, or fewer than three settings."""


def rank(accuracies: Accuracies) -> Ranking | None:
    """Rank settings over tasks; null where there are fewer than two settings or fewer than two tasks to rank over.

    Settings are those that every table (a data set with a backbone) has; tasks are those in which each of them has a
    number.
    """
    settings, tasks = _shared(accuracies)
    if len(settings) < 2 or len(tasks) < 2:
        return None
    table = np.array([[accuracies[task][setting] for setting in settings] for task in tasks])
    return Ranking(
        tuple(sorted(_standings(settings, tasks, table), key=lambda each: (each.average_rank, each.regret))),
        tasks,
        tuple(setting for setting in _named(accuracies) if setting not in settings),
        critical_difference(settings, [dataset for dataset, _, _ in tasks], table),
    )


def _named(accuracies: Accuracies) -> dict[str, None]:
    """Return all settings, in the order in which they are first named."""
    return dict.fromkeys(setting for found in accuracies.values() for setting in found)


def _shared(accuracies: Accuracies) -> tuple[list[str], tuple[Task, ...]]:
    """Return the settings that every table has, and the tasks in which all of them have a number."""
    tables: dict[tuple[str, str], set[str]] = {}
    for (dataset, backbone, _), found in accuracies.items():
        tables.setdefault((dataset, backbone), set()).update(found)
    settings = [setting for setting in _named(accuracies) if all(setting in mine for mine in tables.values())]
    return settings, tuple(task for task, found in accuracies.items() if found.keys() >= set(settings))


def _standings(settings: Sequence[str], tasks: Sequence[Task], table: npt.NDArray[np.float64]) -> list[Standing]:
    """Return the standing of each setting by accuracies (T tasks, K settings)."""
    ranks, regrets = _ranks(table), table.max(1, keepdims=True) - table
    return [
        Standing(
            setting,
            float(ranks[:, column].mean()),
            # exact, so that the mean of equal regrets is no more than each of them
            statistics.mean(regrets[:, column].tolist()),
            float(regrets[:, column].max()),
            tasks[int(regrets[:, column].argmax())],
        )
        for column, setting in enumerate(settings)
    ]


def _ranks(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return ranks along rows, 1 for the highest, equals at the mean of theirs."""
    higher = (table[:, None, :] > table[:, :, None]).sum(2)
    equal = (table[:, None, :] == table[:, :, None]).sum(2)
    ranks: npt.NDArray[np.float64] = higher + (equal + 1) / 2
    return ranks


def critical_difference(
    settings: Sequence[str], datasets: Sequence[str], table: npt.NDArray[np.float64]
) -> CriticalDifference | None:
    """Compare settings over data sets by accuracies (T tasks, K settings); null with too few data sets or settings."""
    names = list(dict.fromkeys(datasets))
    if len(names) < FEWEST_DATA_SETS or len(settings) < 3:
        return None
    # averaged first: tasks of one data set are no independent evidence
    means = np.array([table[[each == name for each in datasets]].mean(0) for name in names])
    count, equal = len(settings), bool((means == means[:, :1]).all())
    quantile = float(scipy.stats.studentized_range.ppf(1 - LEVEL, count, math.inf)) / math.sqrt(2)
    return CriticalDifference(
        dict(zip(settings, _ranks(means).mean(0).tolist(), strict=True)),
        len(names),
        # where all are equal the test would divide by zero
        1.0 if equal else float(scipy.stats.friedmanchisquare(*means.T).pvalue),
        quantile * math.sqrt(count * (count + 1) / (6 * len(names))),
    )
