"""Words, p-values and intervals of differences: none contradicts another, and each pair has one answer everywhere."""

import dataclasses
import itertools
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.answers.against import against_best, against_frozen
from bench.answers.crosstab import Pivot, pivot
from bench.answers.recommend import Wanted, best, recommend
from bench.answers.rows.rows import Row, rows_of
from bench.answers.summary import Summary, summarise
from bench.answers.verdicts import LEVEL, Verdict, Verdicts, questions_told, turned, verdicts
from bench.reports.tables.formatting import points, worded
from bench.statistics.paired import Difference
from tests.material.answered import Answers, rows
from tests.material.examples import a_record

FEW = settings(deadline=None, max_examples=40)
SHOWN = re.compile(r"([+-][\d.]+) \((-?[\d.e-]+) to (-?[\d.e-]+) at ([\d.]+) %\)")


def test_difference_has_its_word_in_either_direction() -> None:
    """Ten points are found; none are a tie."""
    (tuned, frozen, scratch), right = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7, ("scratch", 50): 0.7})
    answers = Verdicts((tuned, frozen, scratch), right.get)
    pairs = ((tuned, frozen), (frozen, tuned), (frozen, scratch))
    assert [answers.of(*pair).word for pair in pairs] == ["better", "worse", "tie"]
    assert {(answers.of(*pair).question, answers.of(*pair).among) for pair in pairs} == {("methods", 3)}


def test_all_pairs_of_a_question_are_corrected_together() -> None:
    """The smallest p of three by three; a budget is a question of its own."""
    shares = {("finetune", 50): 0.8, ("linear_probe", 50): 0.7, ("scratch", 50): 0.6, ("finetune", 100): 0.9}
    made, right = rows(shares)
    answers = Verdicts(made, right.get)
    pairs = [pair for pair in itertools.combinations(made, 2) if pair[0].budget == pair[1].budget]
    alone = [Verdicts(pair, right.get).of(*pair).p or 0.0 for pair in pairs]
    together = [answers.of(*pair).p or 0.0 for pair in pairs]
    assert len(pairs) == 3
    assert min(together) == pytest.approx(3 * min(alone))
    assert all(mine >= plain for mine, plain in zip(together, alone, strict=True))


def test_what_is_not_tested_has_no_interval_and_counts_for_nothing() -> None:
    """Of two seeds too: with those it would not hold what it says."""
    (tuned, frozen, scratch), right = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7, ("scratch", 50): 0.6})
    lost = {cell: answer for cell, answer in right.items() if not cell.startswith("scratch")}
    answers = Verdicts((tuned, frozen, scratch), lost.get)
    untested, tested = answers.of(tuned, scratch), answers.of(tuned, frozen)
    assert (untested.word, untested.p, untested.interval, untested.level) == ("not tested", None, None, None)
    assert untested.reason == "predictions are missing"
    assert (tested.among, tested.level) == (1, 0.95)
    pair, right = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7}, 2)
    few = Verdicts(pair, right.get).of(*pair)
    assert few.difference is not None
    assert (few.word, few.interval, few.reason) == ("not tested", None, "2 seeds are too few for a test: it takes 3")


def test_rows_that_differ_in_all_are_corrected_for_all_pairs() -> None:
    """Four rows with one number of labels are six pairs; nothing else need be worked out."""
    summary = a_page(1)
    first = next(row for row in summary.rows if row.n_labels == 50)
    other = next(
        row
        for row in summary.rows
        if row.n_labels == 50 and row.backbone != first.backbone and row.method != first.method
    )
    there = sum(row.n_labels == 50 for row in summary.rows)
    found = summary.ask(verdicts).of(first, other)
    assert (found.question, found.among) == ("anything", math.comb(there, 2))
    alone = Verdicts((first, other), summary.right).of(first, other)
    assert alone.p is not None
    assert found.p == pytest.approx(min(1.0, alone.p * found.among))


def any_rows(drawn: int, models: int, seeds: int, images: int, chances: Iterable[float]) -> tuple[list[Row], Any]:
    """Rows whose cells are right by chances of their own, and what they got right."""
    generator = np.random.default_rng(drawn)
    right: dict[str, Answers] = {}
    made: list[Row] = []
    for place, chance in zip(range(models), chances, strict=False):
        luck = generator.normal(0, 0.1, (seeds, 1)) * (place % 2)
        answers = generator.random((seeds, images)) < chance + luck
        records = [a_record(cell_id=f"{place} {seed}", method=f"m{place}", seed=seed) for seed in range(seeds)]
        right |= {f"{place} {seed}": answers[seed] for seed in range(seeds)}
        made += rows_of(records, {})
    return made, right.get


@FEW
@given(
    st.integers(0, 10_000),
    st.integers(2, 6),
    st.integers(1, 5),
    st.integers(2, 60),
    st.lists(st.sampled_from([0.0, 0.3, 0.5, 0.52, 0.6, 0.9, 1.0]), min_size=6, max_size=6),
)
def test_interval_excludes_zero_exactly_where_the_word_is_no_tie(
    drawn: int, models: int, seeds: int, images: int, chances: list[float]
) -> None:
    """Whatever the answers are; and as it is written too, to the digits that a table shows."""
    made, right = any_rows(drawn, models, seeds, images, chances)
    answers = Verdicts(made, right)
    for first, second in itertools.permutations(made, 2):
        verdict = answers.of(first, second)
        hold(verdict)
        assert answers.of(second, first) == turned(verdict)
        assert verdict.word == {"better": "worse", "worse": "better"}.get(
            answers.of(second, first).word, answers.of(second, first).word
        )


def hold(verdict: Verdict) -> None:
    """Hold word, p, interval and their text against one another."""
    found = verdict.difference
    if verdict.word == "not tested":
        assert verdict.interval is None
        assert "to" not in points(verdict)
        return
    assert found is not None
    assert verdict.interval is not None
    assert verdict.p is not None
    low, high = verdict.interval
    assert -1 <= low <= found.mean <= high <= 1
    plain = found.interval()
    assert low <= max(plain[0], -1) + 1e-9
    assert high >= min(plain[1], 1) - 1e-9
    side = {"better": low > 0, "worse": high < 0, "tie": low <= 0 <= high}
    assert side == {word: word == verdict.word for word in side}
    assert (verdict.p < LEVEL) == (verdict.word != "tie")
    shown = SHOWN.fullmatch(points(verdict))
    assert shown is not None, points(verdict)
    start, end, level = (float(part) for part in shown.groups()[1:])
    written = {"better": start > 0, "worse": end < 0, "tie": start <= 0 <= end}
    assert written == side, points(verdict)
    assert level >= 95
    if told := re.search(r"\(p = ([\d.]+)", worded(verdict)):
        assert (float(told[1]) < LEVEL) == (verdict.p < LEVEL) or verdict.p == pytest.approx(LEVEL, abs=1e-5)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from([1e-5, 0.003, 0.02, 0.5]) | st.floats(1e-6, 1),
    st.floats(1, 1e6),
    st.integers(1, 2000),
    st.sampled_from([1.0, 1 - 1e-15, 1 + 1e-15, 1 - 1e-9, 1 + 1e-9, 0.5, 2.0]),
    st.sampled_from([-1, 1]),
)
def test_an_end_upon_zero_goes_with_p(error: float, freedom: float, size: int, near: float, sign: int) -> None:
    """The mean lies as many errors from zero as the interval is wide, to the last digit: p decides, whatever rounds."""
    missing = LEVEL / size
    mean = Difference(0.0, None, 3, 9, error, freedom, freedom, (1.0, 0, 0)).interval(missing)[1] * near * sign
    if not 1e-6 < abs(mean) <= 1:
        return
    difference = Difference(mean, None, 3, 9, error, freedom, freedom, (1.0, 0, 0))
    (row,) = rows_of([a_record()], {})
    for p in (0.04999, 0.05, 0.05001) if near in (0.5, 2.0) else (0.05 - 1e-12, 0.05):
        hold_ends(Verdict(row, row, difference, p, missing, None, "methods", size))


def hold_ends(verdict: Verdict) -> None:
    """Hold an interval against its word alone."""
    assert verdict.interval is not None
    low, high = verdict.interval
    side = {"better": low > 0, "worse": high < 0, "tie": low <= 0 <= high}
    assert side[verdict.word]


def a_page(drawn: int, seeds: int = 3) -> Summary:
    """A run of two backbones, two kinds of weights, three methods and two budgets."""
    generator = np.random.default_rng(drawn)
    right, records = {}, []
    axes = (("test_resnet", "test_vit"), ("random", "supervised@glyphs"), ("scratch", "linear_probe", "finetune"))
    for backbone, weights, method in itertools.product(*axes):
        if (weights, method) in (("random", "finetune"), ("supervised@glyphs", "scratch")):
            continue
        chance = generator.uniform(0.4, 0.8)
        for labels, seed in itertools.product((50, 500), range(seeds)):
            name = f"{backbone} {weights} {method} {labels} {seed}"
            right[name] = generator.random(60) < chance + labels / 2500
            records.append(
                a_record(
                    cell_id=name,
                    backbone=backbone,
                    weights=weights,
                    weights_sha256=f"{backbone} {weights}",
                    method=method,
                    n_labels=labels,
                    budget=f"{labels} labels",
                    seed=seed,
                    accuracy=float(right[name].mean()),
                    latency_ms={"1": float(generator.uniform(1, 9))},
                    profiled_in=name,
                )
            )
    return summarise(records, {}, right.get)


def all_told(summary: Summary) -> Iterable[Verdict]:
    """Yield every verdict that cards, tables, slopes, recommendations and pivots tell."""
    yield from (each for mine in summary.ask(against_best) for each in mine)
    yield from summary.ask(against_frozen)
    yield from (each for answer in summary.ask(best) for each in answer.others)
    answers = summary.ask(verdicts)
    for labels, limit in itertools.product((50, 400, 500), (None, 5.0)):
        yield from recommend(summary.rows, Wanted(labels, max_latency_ms=limit), answers).others
    for key in ("method", "weights", "backbone", "budget"):
        grid = pivot(summary.rows, Pivot(key), "accuracy", answers)
        yield from (each for line in grid.lines for each in line.entries if isinstance(each, Verdict))


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000))
def test_a_pair_has_one_answer_on_all_pages(drawn: int) -> None:
    """Whoever asks, and from whichever side: the same word, p, interval and number of comparisons."""
    known: dict[frozenset[int], Verdict] = {}
    kinds = set()
    for verdict in all_told(a_page(drawn)):
        hold(verdict)
        kinds.add(verdict.question)
        pair = frozenset((id(verdict.first), id(verdict.second)))
        before = known.setdefault(pair, verdict)
        assert verdict == (before if before.first is verdict.first else turned(before))
    assert kinds == {"methods", "backbones", "budgets", "anything"}


def test_order_of_asking_changes_nothing() -> None:
    one, other = a_page(3), a_page(3)
    forth = [(each.word, each.p, each.interval) for each in one.ask(against_frozen)]
    list(all_told(other))
    assert forth == [(each.word, each.p, each.interval) for each in other.ask(against_frozen)]


def test_questions_are_told_with_their_size() -> None:
    """By question, from the least to the most; what was not tested, or is alone, is left out."""
    (row,) = rows_of([a_record()], {})
    tested = Verdict(row, row, None, 0.5, 0.05, None, "methods", 6)
    made: Mapping[str, Verdict] = {
        "six": tested,
        "three": dataclasses.replace(tested, among=3),
        "two": dataclasses.replace(tested, question="backbones", among=2),
        "one": dataclasses.replace(tested, question="budgets", among=1),
        "none": dataclasses.replace(tested, p=None),
    }
    told = "comparisons of methods (with their initial weights) at one label budget for one backbone"
    assert questions_told([made["six"]]) == f"6 {told}"
    assert questions_told([made["six"], made["three"]]) == f"3 to 6 {told}"
    assert questions_told(made.values()).startswith(f"3 to 6 {told} or 2 comparisons of backbones")
    assert "budgets" not in questions_told(made.values())
    assert questions_told([made["none"]]) == ""
