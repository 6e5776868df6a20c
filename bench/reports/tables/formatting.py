"""Figures as text: what the tables of all sections share."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.answers.verdicts import Verdict
from bench.contracts.reports import Captioned, Table
from bench.statistics.intervals import Estimate
from bench.statistics.paired import Difference


def percent(estimate: Estimate | None, dash: str = "-") -> str:
    """`94.2 ± 1.3 (5)` in per cent: mean, half of the 95 % interval, and n."""
    if estimate is None:
        return dash
    mean = f"{estimate.mean * 100:.1f}"
    if estimate.half_width is None:
        return f"{mean} (1)"
    return f"{mean} ± {estimate.half_width * 100:.1f} ({estimate.n})"


def number(estimate: Estimate | None, digits: int = 0) -> str:
    """The mean alone, or a dash."""
    return "-" if estimate is None else f"{estimate.mean:,.{digits}f}"


def plain(value: float | None, digits: int) -> str:
    """A number, or a dash where nothing was measured."""
    return "-" if value is None else f"{value:,.{digits}f}"


def heading(budget: tuple[str, int]) -> str:
    """The budget with its count of labels."""
    label, count = budget
    return label if label == f"{count} labels" else f"{label} ({count:,} labels)"


def listed(words: Sequence[str]) -> str:
    """`this, that and another`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def per_second(row: Row) -> str:
    """Points of accuracy above chance for each second, or a dash."""
    return "-" if row.accuracy_per_s is None else f"{row.accuracy_per_s.mean * 100:.3g}"


def points(verdict: Verdict) -> str:
    """`+2.1 (0.4 to 3.8)`: the difference in points with its interval; of the means alone where nothing was tested.

    An interval that reaches beyond what accuracies can differ by is told by its half: `+92.0 ± 12.0`.
    """
    found = verdict.difference
    if found is None:
        return f"{(verdict.first.accuracy.mean - verdict.second.accuracy.mean) * 100:+.1f}"
    if not within(found):
        return f"{found.mean * 100:+.1f} ± {(found.high - found.mean) * 100:.1f}"
    return f"{found.mean * 100:+.1f} ({found.low * 100:.1f} to {found.high * 100:.1f})"


def within(found: Difference) -> bool:
    """Say whether an interval's ends are differences that accuracies can have: Student's t knows nothing of them."""
    return found.low >= -1 and found.high <= 1


def interval(found: Difference) -> dict[str, float | None]:
    """Return an interval for programs: its ends, null where they are no differences of accuracies, and half of it."""
    low, high = (found.low, found.high) if within(found) else (None, None)
    return {"low": low, "high": high, "half_width_95": found.high - found.mean}


def worded(verdict: Verdict) -> str:
    """The verdict's word, with p, or why there is none."""
    if verdict.p is None:
        return f"not tested: {verdict.reason}"
    return f"{verdict.word} (p {'< 0.001' if verdict.p < 0.001 else f'= {verdict.p:.3f}'})"


def at_largest(summary: Summary, fits: Callable[[Row], bool]) -> Iterator[tuple[str, Row]]:
    """Yield each setting of each block with its row at the largest budget, among those that fit."""
    for block in summary.blocks:
        for setting in block.settings:
            rows = [block.rows[setting, budget] for budget in block.budgets if (setting, budget) in block.rows]
            fitting = [row for row in rows if fits(row)]
            if fitting:
                yield setting, max(fitting, key=lambda row: row.n_labels)


def shown(caption: str, table: Table, **more: Any) -> tuple[Captioned, ...]:
    """Return a table with its caption; nothing where it has no line."""
    return (Captioned(caption, table, **more),) if table[1] else ()


PARTS = ("data", "copy", "forward", "backward", "optimiser")
"""Of a training step."""
KINDS = ("weights", "gradients", "optimiser", "activations")
"""Of memory."""
