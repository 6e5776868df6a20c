"""Figures as text: what the tables of all sections share."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.answers.verdicts import Verdict, questions_told
from bench.contracts.reports import Captioned, Table
from bench.statistics.intervals import Estimate
from bench.statistics.paired import LEVEL


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


CORRECTED = (
    "its p and its interval are corrected for their number (Holm). The level of the interval stands with it: 95 % or "
    "more, and so wider, since among many comparisons chance finds a difference more easily. It excludes zero exactly "
    "where the word is not *tie*."
)
"""What to know of the two columns that tell a verdict."""
DIFFERENCE = "points (corrected interval)"
"""Heads the column of `points`."""


def explained(text: str, verdicts: Iterable[Verdict]) -> str:
    """Return an explanation with what the verdicts of its table were corrected for, where any was tested."""
    asked = questions_told(verdicts)
    return f"{text} Each is one of {asked}: {CORRECTED}" if asked else text


def corrected_for(verdicts: Iterable[Verdict]) -> str:
    """Return the end of a sentence: what its verdicts were corrected for, or nothing."""
    asked = questions_told(verdicts)
    return f", corrected for {asked}" if asked else ""


def points(verdict: Verdict) -> str:
    """`+2.1 (0.4 to 3.8 at 98.3 %)`: the difference in points with its corrected interval and the level of that.

    Without an interval where nothing was tested; of the means alone where nothing could be compared.
    """
    found, ends = verdict.difference, verdict.interval
    if found is None:
        return f"{(verdict.first.accuracy.mean - verdict.second.accuracy.mean) * 100:+.1f}"
    mean = f"{found.mean * 100:+.1f}"
    if ends is None or verdict.missing is None:
        return mean
    low, high = (_end(end * 100) for end in ends)
    return f"{mean} ({low} to {high} at {_level(verdict.missing)} %)"


def _end(value: float) -> str:
    """One decimal; what that would round to zero, and is not, has its first digit."""
    rounded = f"{value:.1f}"
    return rounded if value == 0 or float(rounded) != 0 else f"{value:.1g}"


def _level(missing: float) -> str:
    """`95`, `98.3` or `99.992`: as many decimals as the first digit of what is missing takes."""
    per_cent = missing * 100
    digits = max(1, -math.floor(math.log10(per_cent)))
    return f"{100 - per_cent:.{digits}f}".rstrip("0").rstrip(".")


def for_programs(verdict: Verdict) -> dict[str, Any]:
    """Return what a verdict rests on: interval, its level, p, and what it was corrected for; null where not tested."""
    low, high = verdict.interval or (None, None)
    question, one_of = (None, None) if verdict.p is None else (verdict.question, verdict.among)
    rest = {"p_corrected": verdict.p, "question": question, "one_of": one_of, "reason": verdict.reason}
    return {"low": low, "high": high, "level": verdict.level, **rest}


def worded(verdict: Verdict) -> str:
    """`better (p = 0.012, one of 6)`: the word, with p and how many it was corrected for, or why there is none."""
    if verdict.p is None:
        return f"not tested: {verdict.reason}"
    return f"{verdict.word} (p {_p(verdict.p)}{f', one of {verdict.among:,}' if verdict.among > 1 else ''})"


def _p(value: float) -> str:
    """Three decimals; more where these would put it on the other side of the level, or upon it."""
    if value < 0.001:
        return "< 0.001"
    digits = next((count for count in (3, 4, 5) if round(value, count) != LEVEL), 3)
    return f"= {value:.{digits}f}"


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
