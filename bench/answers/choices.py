"""Among how much each row could choose, and how far the best and the worst of that lie apart. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.answers.rows.rows import Row
from bench.answers.rows.trials import longest
from bench.answers.summary import Summary
from bench.records.curves import CurvesOf, no_curves
from bench.records.record import Record
from bench.statistics.intervals import Estimate, mean_interval

CANDIDATES = "candidate_accuracies"
NO_VALUES = ("step", "val_accuracy", "val_loss")
"""What else stands beside a value that a method tried."""
MOST = 2000
"""Cells whose candidates are looked up: each has a file of its own."""


@dataclass(frozen=True)
class Spread:
    """What the best and the worst of several came to, means over seeds."""

    best: Estimate
    worst: Estimate


@dataclass(frozen=True)
class Choices:
    """What the cells of one row could choose among; the most that any of them had."""

    row: Row
    trials: int
    """Settings that tuning tried."""
    values: Mapping[str, int]
    """Values of its own settings that a method tried on validation, by setting, as in `l2: 5`."""
    checkpoints: int | None
    """States along the training that validation chose among; null where nobody knows."""
    trials_on_validation: Spread | None
    """Accuracies of the trials that were trained the longest."""
    own_on_validation: Spread | None
    """Accuracies of the method's own values, or of its checkpoints, where they are kept."""
    candidates_on_test: Spread | None
    """Accuracies of all models that were kept, each scored at the one opening of the test set; none is chosen by it."""


def choices(summary: Summary) -> tuple[Choices, ...]:
    """Return what each row could choose among."""
    known = {record.cell_id: record for record in summary.finished}
    return choices_of(summary.rows, known, summary.curves if len(known) <= MOST else no_curves)


def choices_of(rows: Sequence[Row], records: Mapping[str, Record], curves: CurvesOf) -> tuple[Choices, ...]:
    """Return what each row could choose among, from its records and the candidates that are kept beside them."""
    return tuple(_of_row(row, [records[cell] for cell in row.cells.values()], curves) for row in rows)


def _of_row(row: Row, group: Sequence[Record], curves: CurvesOf) -> Choices:
    candidates = [numbers(curves(record.cell_id).get(CANDIDATES, ())) for record in group]
    counts = [values_of(record) for record in group]
    return Choices(
        row=row,
        trials=max(len({str(trial.get("settings")) for trial in record.trials or ()}) for record in group),
        values={
            name: max(each.get(name, 0) for each in counts) for name in dict.fromkeys(n for c in counts for n in c)
        },
        checkpoints=max(
            (each for each in map(_checkpoints, group, counts, map(len, candidates)) if each is not None), default=None
        ),
        trials_on_validation=_spread(map(_trial_scores, group)),
        own_on_validation=_spread(map(_path_scores, group)),
        candidates_on_test=_spread(candidates),
    )


def values_of(record: Record) -> dict[str, int]:
    """Return how many values of each of its own settings a method tried; none where nothing validated."""
    if record.val_accuracy is None:
        return {}
    kept = Counter(name for point in _path(record) for name in point if name not in NO_VALUES)
    # records of before keep no path; a method chose among all values of a list of which it names one
    listed = {name: record.method_settings.get(name) for name in record.chosen or {} if name not in kept}
    return {
        **{name: len(values) for name, values in listed.items() if isinstance(values, list) and len(values) > 1},
        **kept,
    }


def _checkpoints(record: Record, values: Mapping[str, int], candidates: int) -> int | None:
    """Return how many checkpoints validation chose among."""
    if record.val_accuracy is None or "step" not in (record.chosen or {}):
        return 0
    kept = sum("step" in point for point in _path(record))
    # Where a method mixes what it has trained, by a value of its own, the mixtures are its candidates. Of one that is
    # left nobody knows how many there were.
    return kept or (candidates if set(values) <= {"l2"} and candidates > 1 else None)


def _trial_scores(record: Record) -> list[float]:
    return numbers(trial.get("val_accuracy") for trial in longest(record))


def _path(record: Record) -> list[Mapping[str, Any]]:
    """Return the values and checkpoints that a method chose among, each with what came of it, where they are kept."""
    lists = (value for value in (record.chosen or {}).values() if isinstance(value, list))
    return [point for value in lists for point in value if isinstance(point, Mapping)]


def _path_scores(record: Record) -> list[float]:
    return numbers(point.get("val_accuracy") for point in _path(record))


def numbers(values: Iterable[Any]) -> list[float]:
    """Return those of some values that are accuracies: records of other versions may hold null, or nothing."""
    return [float(value) for value in values if _is_share(value)]


def _is_share(value: Any) -> bool:
    try:
        return not isinstance(value, bool | str) and value is not None and 0 <= float(value) <= 1
    except (TypeError, ValueError, OverflowError):
        return False


def _spread(by_cell: Iterable[Sequence[float]]) -> Spread | None:
    """Return best and worst over the cells that have several; null where none has."""
    several = [values for values in by_cell if len(values) > 1]
    if not several:
        return None
    return Spread(
        mean_interval([max(values) for values in several]), mean_interval([min(values) for values in several])
    )
