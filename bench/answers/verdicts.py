"""The one source of words, p-values and intervals of differences: which of two rows is better, if any. Pure.

Every comparison is one of a question's (`bench/answers/questions.py`), and corrected with all others of that question,
whoever asks for it and in which order: so it has one answer on all pages.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bench.answers.differences import Apart, Right, compare, differ_among
from bench.answers.questions import QUESTIONS, Asked, Question, asked, pairs_of, places
from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.statistics.paired import LEVEL, Difference, stepped_down

Word = Literal["better", "worse", "tie", "not tested"]
LEAST = 1e-9
"""Of an end that must not be zero: a difference of a single image in as many is larger."""


@dataclass(frozen=True)
class Verdict:
    """One row against another."""

    first: Row
    second: Row
    difference: Difference | None
    """Accuracy of the first minus the second's, over the seeds that both have; not corrected."""
    p: float | None
    """Corrected for the comparisons of its question (Holm, 1979); null where nothing was tested."""
    missing: float | None
    """The share of cases in which the interval of this comparison may miss: what the correction leaves of 5 %."""
    reason: str | None
    """Why nothing was tested."""
    question: Question = "methods"
    among: int = 1
    """How many comparisons of the question are corrected together."""

    @property
    def word(self) -> Word:
        """`better` and `worse` are of the first."""
        if self.p is None or self.difference is None:
            return "not tested"
        if self.p >= LEVEL:
            return "tie"
        return "better" if self.difference.mean > 0 else "worse"

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the difference's interval; it excludes zero exactly where the word is not `tie`.

        Cut to -1 and 1, between which differences of accuracies lie. Null where nothing was tested: with so few seeds
        no interval holds what it says.
        """
        if self.difference is None or self.missing is None:
            return None
        low, high = self.difference.interval(self.missing)
        # p decides: a quantile is rounded, and an end that lies at zero may come out on its other side
        mean = self.difference.mean
        if self.word == "tie":
            low, high = min(low, 0.0), max(high, 0.0)
        elif mean > 0:
            low = max(low, min(mean, LEAST))
        else:
            high = min(high, max(mean, -LEAST))
        return max(-1.0, low), min(1.0, high)

    @property
    def level(self) -> float | None:
        """Of the interval, 0.95 or more; null where nothing was tested."""
        return None if self.missing is None else 1 - self.missing


@dataclass(frozen=True)
class Verdicts:
    """Answers to every comparison of two of these rows; a question is worked out when it is first asked."""

    rows: Sequence[Row]
    right: Right
    _known: dict[Asked, Mapping[tuple[int, int], Verdict]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _members: dict[Asked, list[Row]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for row in self.rows:
            for question in places(row):
                self._members.setdefault(question, []).append(row)

    def of(self, first: Row, second: Row) -> Verdict:
        """Return the verdict on the first of two of the rows, held against the second."""
        question = asked(first, second)
        if question[0] == "anything":
            return self._of_anything(question, first, second)
        if question not in self._known:
            self._known[question] = self._answered(question)
        found = self._known[question]
        known = found.get((id(first), id(second)))
        return known if known is not None else turned(found[id(second), id(first)])

    def _answered(self, question: Asked) -> Mapping[tuple[int, int], Verdict]:
        """Return the verdicts of all pairs of a question, corrected together."""
        # All pairs, not those with the best alone: which row is best is read off the same data. Held against the best
        # of k equal ones, and corrected for k - 1, one of them is found worse in more than 5 % of cases.
        rows = self._members[question]
        differ = differ_among(rows, self.right)
        pairs = pairs_of(question, rows)
        found = _corrected([(*pair, differ(*pair)) for pair in pairs], question[0])
        return {(id(first), id(second)): each for (first, second), each in zip(pairs, found, strict=True)}

    def _of_anything(self, question: Asked, first: Row, second: Row) -> Verdict:
        """Return the verdict on rows that differ in backbone and method, corrected for all pairs that there are."""
        # these are too many to be worked out, and so many that the order of their p-values would gain next to nothing
        count = math.comb(len(self._members[question]), 2)
        return _corrected([(first, second, compare(first, second, self.right))], question[0], count)[0]


def verdicts(summary: Summary) -> Verdicts:
    """Return what answers any comparison of two rows of a summary: the one that all pages ask."""
    return Verdicts(summary.rows, summary.right)


def _corrected(
    pairs: Iterable[tuple[Row, Row, Apart]], question: Question, size: int | None = None
) -> tuple[Verdict, ...]:
    """Return the verdicts of one question; what can't be tested counts for nothing, unless its size is given."""
    listed = list(pairs)
    tested = [apart.difference.p or 0.0 for *_, apart in listed if apart.difference and apart.reason is None]
    count = size or len(tested)
    corrected = iter(stepped_down(tested, count))

    def verdict(first: Row, second: Row, apart: Apart) -> Verdict:
        if apart.difference is None or apart.reason is not None:
            return Verdict(first, second, apart.difference, None, None, apart.reason, question, count)
        found = next(corrected)
        return Verdict(first, second, apart.difference, found.p, found.missing, None, question, count)

    return tuple(verdict(*each) for each in listed)


def turned(verdict: Verdict) -> Verdict:
    """Return the same verdict, told of the second row."""
    found = verdict.difference
    opposite = None if found is None else replace(found, mean=-found.mean)
    return replace(verdict, first=verdict.second, second=verdict.first, difference=opposite)


def questions_told(verdicts: Iterable[Verdict]) -> str:
    """Return what verdicts were corrected for: `6 comparisons of methods ...`; nothing where each was alone."""
    counts: dict[Question, set[int]] = {}
    for verdict in verdicts:
        if verdict.p is not None and verdict.among > 1:
            counts.setdefault(verdict.question, set()).add(verdict.among)
    return " or ".join(f"{_span(found)} of {QUESTIONS[question]}" for question, found in counts.items())


def _span(counts: set[int]) -> str:
    least, most = min(counts), max(counts)
    return f"{most:,} comparisons" if least == most else f"{least:,} to {most:,} comparisons"
