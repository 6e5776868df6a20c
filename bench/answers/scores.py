"""How well transferability scores ranked what was then measured. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.answers.summary import Summary
from bench.statistics.intervals import Estimate

FEWEST = 3
"""Starts that must be ranked before their order says anything."""

Start = tuple[str, str]
"""A backbone and its initial weights."""


class Measured(Protocol):
    """A row of the summary, as far as it matters here."""

    @property
    def dataset(self) -> str:
        """The target."""

    @property
    def backbone(self) -> str:
        """The network."""

    @property
    def weights(self) -> str:
        """What it started from."""

    @property
    def method(self) -> str:
        """How it was transferred."""

    @property
    def budget(self) -> str:
        """The label budget."""

    @property
    def accuracy(self) -> Estimate:
        """On the test set."""

    @property
    def transferability(self) -> Mapping[str, float]:
        """Means over seeds."""


@dataclass(frozen=True)
class Ranked:
    """One score against one method at one budget."""

    dataset: str
    budget: str
    method: str
    score: str
    starts: int
    tau: float
    """Kendall's tau-b between score and accuracy: 1 is the same order, -1 the opposite."""


def scores_of(rows: Sequence[Measured]) -> dict[tuple[str, str, Start], Mapping[str, float]]:
    """Return the scores by data set, budget and start: whichever method they were made beside, they are the same."""
    found: dict[tuple[str, str, Start], Mapping[str, float]] = {}
    for row in rows:
        if row.transferability:
            found.setdefault((row.dataset, row.budget, (row.backbone, row.weights)), row.transferability)
    return found


def ranks(summary: Summary) -> tuple[Ranked, ...]:
    """Return how each score ordered the starts of each method and budget."""
    return ranks_of(summary.rows)


def ranks_of(rows: Sequence[Measured]) -> tuple[Ranked, ...]:
    """Return how each score ordered the starts of each method and budget, where there are three or more."""
    scores = scores_of(rows)
    groups: dict[tuple[str, str, str], dict[Start, float]] = {}
    for row in rows:
        start = (row.backbone, row.weights)
        if (row.dataset, row.budget, start) in scores:
            groups.setdefault((row.dataset, row.budget, row.method), {})[start] = row.accuracy.mean
    ranked: list[Ranked] = []
    for (dataset, budget, method), accuracies in groups.items():
        mine = {start: scores[dataset, budget, start] for start in accuracies}
        for score, pairs in _pairs(mine, accuracies).items():
            tau = kendall(pairs) if len(pairs) >= FEWEST else None
            if tau is not None:
                ranked.append(Ranked(dataset, budget, method, score, len(pairs), tau))
    return tuple(ranked)


def _pairs(
    scores: Mapping[Start, Mapping[str, float]], accuracies: Mapping[Start, float]
) -> dict[str, list[tuple[float, float]]]:
    """Return each score with the accuracy of each start that has it."""
    names = dict.fromkeys(name for each in scores.values() for name in each)
    return {
        name: [(scores[start][name], accuracies[start]) for start in accuracies if name in scores[start]]
        for name in names
    }


def kendall(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Kendall's tau-b (1945) of pairs; null where one side is all ties."""
    from scipy.stats import kendalltau  # takes a second to import

    tau = float(kendalltau(*zip(*pairs, strict=True)).statistic)
    return None if math.isnan(tau) else tau
