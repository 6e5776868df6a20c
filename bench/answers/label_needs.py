"""How many labels a target accuracy takes, and what fine-tuning is worth in labels: from rows. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from bench.answers.rows.rows import Row
from bench.answers.starts import by_start
from bench.answers.summary import Summary
from bench.statistics.learning_curves import LabelsNeeded, LearningCurve, Point, learning_curve, needed

FEWEST = 3
"""Label budgets of a curve."""


@dataclass(frozen=True)
class Need:
    """The labels with which one setting comes to a target accuracy."""

    title: str
    """Of the table that the setting stands in."""
    setting: str
    target: float
    """Accuracy in 0 to 1."""
    why: str
    """`asked for`, or `best frozen`: the highest mean of the table's frozen settings."""
    budgets: tuple[int, ...]
    """What was measured, smallest first."""
    found: LabelsNeeded


@dataclass(frozen=True)
class Worth:
    """What fine-tuning at a budget is worth: the labels with which the probe would be as accurate."""

    frozen: Row
    tuned: Row
    budgets: tuple[int, ...]
    """Where the probe was measured, smallest first."""
    found: LabelsNeeded


def needs(summary: Summary) -> tuple[Need, ...]:
    """Return the labels that target accuracies take, for each table."""
    return tuple(need for block in summary.blocks for need in needs_of(block.title, block.by_setting, summary.targets))


def worths(summary: Summary) -> tuple[Worth, ...]:
    """Return for each start what full fine-tuning is worth in labels of the linear probe."""
    return tuple(worth for pairs in summary.ask(by_start) for worth in worths_of(pairs))


def needs_of(title: str, rows: Mapping[str, Sequence[Row]], targets: Sequence[float]) -> tuple[Need, ...]:
    """Return the labels that each setting of a table needs, for the best frozen accuracy and for each target.

    Settings with fewer than three budgets, or with a single seed, have no curve.
    """
    frozen = [row.accuracy.mean for mine in rows.values() for row in mine if is_frozen(row)]
    wanted = [(target, "asked for") for target in targets]
    wanted += [(max(frozen), "best frozen")] if frozen else []
    curves = {setting: curve for setting, mine in rows.items() if (curve := curve_of(mine))}
    return tuple(
        Need(title, setting, target, why, curve.labels, needed(curve, target))
        for target, why in wanted
        for setting, curve in curves.items()
    )


def worths_of(pairs: Sequence[tuple[Row, Row]]) -> tuple[Worth, ...]:
    """Return what fine-tuning is worth, from the frozen and the fine-tuned row of one start at each budget."""
    curve = curve_of([frozen for frozen, _ in pairs])
    if curve is None:
        return ()
    return tuple(
        Worth(frozen, tuned, curve.labels, needed(curve, point.mean, point.error, point.freedom))
        for frozen, tuned in sorted(pairs, key=lambda pair: pair[0].n_labels)
        if (point := point_of(tuned)) is not None
    )


def curve_of(rows: Sequence[Row]) -> LearningCurve | None:
    """Return the curve of one setting; null with fewer than three budgets that have an interval."""
    # no labels have no place on a power law
    points = [point for row in rows if row.n_labels > 0 and (point := point_of(row))]
    return learning_curve(points) if len(points) >= FEWEST else None


def point_of(row: Row) -> Point | None:
    """Return a row's accuracy with its standard error; null where a single seed tells none."""
    accuracy = row.accuracy
    if accuracy.half_width is None:
        return None
    freedom = accuracy.n - 1
    return Point(row.n_labels, accuracy.mean, accuracy.half_width / float(stdtrit(freedom, 0.975)), freedom)


def is_frozen(row: Row) -> bool:
    """Say whether the whole backbone stayed as it was: its features were computed once."""
    return row.frozen_part == "features"
