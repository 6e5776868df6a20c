"""Words and intervals of a whole question: false answers, coverage and power, beside those with the best alone."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.statistics.paired import LEVEL, AllPairs, Difference, all_pairs, holm, stepped_down

from .figures import Figure
from .pairs import LUCK, accuracy, answers

SHIFT = 0.5
"""Of the best model, on the latent scale: about two thirds of the images are right."""
BUDGETS = 4
"""Columns of a table."""
IMAGES = 1000


@dataclass(frozen=True)
class Column:
    """The models of one label budget, and how far each is truly behind the first."""

    table: AllPairs
    truths: Sequence[float]
    """Accuracies."""

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """All of them."""
        return list(itertools.combinations(range(len(self.truths)), 2))

    def best(self) -> int:
        """The model with the highest mean."""
        return int(self.table.by_seed.sum(1).argmax())


def column(generator: np.random.Generator, behind: Sequence[float], seeds: int, luck: float) -> Column:
    """Models whose latent scales lie so far behind the first, tested on the same images."""
    difficulty = generator.normal(size=IMAGES)
    right = [answers(generator, SHIFT - each, seeds, difficulty, luck) > 0 for each in behind]
    return Column(all_pairs(np.array(right)), [accuracy(SHIFT - each, luck) for each in behind])


@dataclass(frozen=True)
class Answered:
    """One comparison as a page tells it."""

    found: Difference
    truth: float
    p: float
    missing: float

    @property
    def wrong(self) -> bool:
        """Whether something is called better or worse that is not, or the wrong way round."""
        return self.p < LEVEL and self.found.mean * self.truth <= 0

    @property
    def covers(self) -> bool:
        """Whether the interval holds the truth."""
        low, high = self.found.interval(self.missing)
        return low <= self.truth <= high


def answered(of: Column) -> dict[tuple[int, int], Answered]:
    """All pairs of a column, corrected together: what pages tell."""
    found = [of.table.difference(*pair) for pair in of.pairs]
    corrected = stepped_down([each.p or 0.0 for each in found])
    return {
        pair: Answered(each, of.truths[pair[0]] - of.truths[pair[1]], mine.p, mine.missing)
        for pair, each, mine in zip(of.pairs, found, corrected, strict=True)
    }


def held_against_best(columns: Sequence[Column]) -> list[tuple[int, int, Answered]]:
    """Each model against the best of its column alone, all columns corrected together."""
    held = [(place, of, each, of.best()) for place, of in enumerate(columns) for each in range(len(of.truths))]
    mine = [(place, of, each, best) for place, of, each, best in held if each != best]
    found = [of.table.difference(each, best) for _, of, each, best in mine]
    return [
        (place, each, Answered(one, of.truths[each] - of.truths[best], p, LEVEL))
        for (place, of, each, best), one, p in zip(mine, found, holm([one.p or 0.0 for one in found]), strict=True)
    ]


@dataclass
class Counts:
    """Shares over many experiments."""

    table: int = 0
    """Tables with a wrong answer."""
    with_best: int = 0
    """Columns of a table, corrected alone for those with the best, with a wrong answer."""
    column: int = 0
    """Columns with a wrong answer."""
    covered: int = 0
    covered_all: int = 0
    """Columns all of whose intervals hold the truth."""
    intervals: int = 0


def simulate(behind: Sequence[float], seeds: int, luck: float, times: int) -> Counts:
    """Answer tables of four budgets, whose models lie so far behind."""
    generator, counts = np.random.default_rng(seeds), Counts()
    for _ in range(times):
        columns = [column(generator, behind, seeds, luck) for _ in range(BUDGETS)]
        counts.table += any(each.wrong for *_, each in held_against_best(columns))
        for of in columns:
            found = list(answered(of).values())
            counts.with_best += any(each.wrong for *_, each in held_against_best([of]))
            counts.column += any(each.wrong for each in found)
            counts.covered += sum(each.covers for each in found)
            counts.covered_all += all(each.covers for each in found)
            counts.intervals += len(found)
    return counts


BEHIND = {
    "4 models, no difference": (0.0, 0.0, 0.0, 0.0),
    "12 models, no difference": (0.0,) * 12,
    "4 models, 0, 1.5, 3 and 9 points behind": (0.0, 0.05, 0.1, 0.3),
}
SEEDS = (2, 3, 5, 10)


def families(times: int) -> list[Figure]:
    """False answers and coverage, told for two seeds too, which pages don't test."""
    found = []
    for (name, behind), luck, seeds in itertools.product(BEHIND.items(), LUCK, SEEDS):
        counts = simulate(behind, seeds, luck, times)
        case, count = f"{seeds} seeds, {name}, luck {LUCK[luck]}", times * BUDGETS
        found += [
            Figure("wrong answer in a table, those with the best", case, "5 %", counts.table / times, times),
            Figure("wrong answer in a column, those with the best", case, "5 %", counts.with_best / count, count),
            Figure("wrong answer in a column", case, "5 %", counts.column / count, count),
            Figure("interval of a comparison", case, "95 %", counts.covered / counts.intervals, count),
            Figure("all intervals of a column", case, "-", counts.covered_all / count, count),
        ]
    return found


def powers(times: int) -> list[Figure]:
    """How often models behind the best are called worse than it: 1.5, 3 and 9 points behind."""
    behind = BEHIND["4 models, 0, 1.5, 3 and 9 points behind"]
    found = []
    for luck, seeds in itertools.product((0.0, 0.05, 0.2), (3, 5, 10)):
        generator = np.random.default_rng(seeds)
        before, after = [0] * len(behind), [0] * len(behind)
        for _ in range(times):
            columns = [column(generator, behind, seeds, luck) for _ in range(BUDGETS)]
            for _, model, each in held_against_best(columns):
                before[model] += each.p < LEVEL and each.found.mean < 0
            for of in columns:
                new, best = answered(of), of.best()
                for model in range(1, len(behind)):
                    after[model] += _worse(new, model, best)
        for model in range(1, len(behind)):
            points = (accuracy(SHIFT, luck) - accuracy(SHIFT - behind[model], luck)) * 100
            case, count = f"{seeds} seeds, {points:.1f} points behind, luck {LUCK[luck]}", times * BUDGETS
            found += [
                Figure("called worse than the best, in a table of those", case, "-", before[model] / count, count),
                Figure("called worse than the best", case, "-", after[model] / count, count),
            ]
    return found


def _worse(new: dict[tuple[int, int], Answered], model: int, best: int) -> bool:
    if model == best:
        return False
    each = new[min(model, best), max(model, best)]
    return each.p < LEVEL and (each.found.mean < 0) == (model < best)
