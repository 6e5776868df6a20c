"""Rows against rows: paired by seed and test image, corrected, and silent where nothing can be said."""

import itertools

import numpy as np
import pytest

from bench.answers.rows.rows import rows_of
from bench.answers.verdicts import against_the_best, compare, corrected
from bench.records.record import Record
from bench.schema import Choice
from tests.material.answered import IMAGES, Answers, answers, rows
from tests.material.examples import a_cell, a_record


def test_difference_is_that_of_the_images_and_has_its_word() -> None:
    """Ten points are found in either direction; none are a tie."""
    made, right = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7, ("scratch", 50): 0.7})
    tuned, frozen, scratch = made
    verdict = compare(tuned, frozen, right.get)
    assert verdict.difference is not None
    assert verdict.difference.mean == pytest.approx(tuned.accuracy.mean - frozen.accuracy.mean)
    assert (verdict.difference.seeds, verdict.difference.images) == (4, IMAGES)
    assert [compare(*pair, right.get).word for pair in ((tuned, frozen), (frozen, tuned), (frozen, scratch))] == [
        "better",
        "worse",
        "tie",
    ]


def test_only_seeds_that_both_have_are_compared() -> None:
    """The others have no partner."""
    made, right = rows({("finetune", 50): 0.8}, 4)
    fewer, more = rows({("linear_probe", 50): 0.7}, 3)
    verdict = compare(made[0], fewer[0], (right | more).get)
    assert verdict.difference is not None
    assert verdict.difference.seeds == 3


def test_reason_is_given_where_nothing_is_tested() -> None:
    """Single seeds, other test images, lost predictions, no seed in common."""
    (tuned, frozen), right = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7})
    (one, other), single = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7}, 1)
    assert (compare(one, other, single.get).word, compare(one, other, single.get).reason) == (
        "not tested",
        "a single seed: its noise is unknown",
    )
    assert compare(tuned, frozen, {}.get).reason == "predictions are missing"
    elsewhere = rows_of([a_record(cell_id="x", seed=0, test_sha256="other")], {})[0]
    assert compare(tuned, elsewhere, right.get).reason == "other test images"
    later = rows_of([a_record(cell_id="y", seed=99)], {})[0]
    assert compare(tuned, later, right.get).reason == "no seed in common"


def test_each_row_is_held_against_the_best_of_its_budget_and_corrected() -> None:
    """Three comparisons in the table; corrected values are no smaller than the plain ones."""
    made, right = rows(
        {("finetune", 50): 0.8, ("linear_probe", 50): 0.7, ("finetune", 100): 0.9, ("scratch", 100): 0.895}
    )
    verdicts = against_the_best(made, right.get)
    assert [(verdict.first.method, verdict.second.method) for verdict in verdicts] == [
        ("linear_probe", "finetune"),
        ("scratch", "finetune"),
    ]
    assert [verdict.word for verdict in verdicts] == ["worse", "tie"]
    for verdict in verdicts:
        plain = compare(verdict.first, verdict.second, right.get).p
        assert plain is not None
        assert verdict.p is not None
        assert verdict.p >= plain


def test_correction_leaves_what_was_not_tested() -> None:
    (tuned, frozen), right = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7})
    untested, tested = corrected([compare(tuned, frozen, {}.get), compare(tuned, frozen, right.get)])
    assert untested.p is None
    assert tested.p == compare(tuned, frozen, right.get).p, "one comparison needs no correction"


def test_pairs_have_all_their_seeds_in_common() -> None:
    """A cell with other images, or another start, is no partner."""
    right = {name: answers(0.8, place) for place, name in enumerate("abcd")}
    tuned = rows_of([a_record(a_cell(seed=0), cell_id="a"), a_record(a_cell(seed=1), cell_id="b")], {})[0]
    apart = rows_of([a_record(a_cell(seed=0), cell_id="c"), a_record(a_cell(seed=1, subset_seed=2), cell_id="d")], {})[
        0
    ]
    found = compare(tuned, apart, right.get).difference
    assert found is not None
    assert (found.seeds, found.mean) == (1, pytest.approx(right["a"].mean() - right["c"].mean()))


def test_seeds_that_varied_apart_are_an_axis_each() -> None:
    """Nine cells of three subsets and three initialisations; with one missing nothing is tested."""
    generator = np.random.default_rng(0)
    right: dict[str, Answers] = {}
    made: dict[str, list[Record]] = {"finetune": [], "linear_probe": []}
    for method, share in (("finetune", 0.8), ("linear_probe", 0.6)):
        for subset, init in itertools.product(range(3), range(3)):
            name = f"{method}{subset}{init}"
            right[name] = answers(share, int(generator.integers(1000)))
            cell = a_cell(subset_seed=subset, init_seed=init, method=Choice(method))
            made[method].append(a_record(cell, cell_id=name))
    tuned, frozen = (rows_of(records, {})[0] for records in made.values())
    verdict = compare(tuned, frozen, right.get)
    assert verdict.difference is not None
    assert (verdict.word, verdict.difference.seeds) == ("better", 9)
    (fewer,) = rows_of(made["linear_probe"][1:], {})
    assert compare(tuned, fewer, right.get).reason == "not every combination of the seeds that varied has a number"


def test_two_seeds_are_too_few_and_it_is_said() -> None:
    """The difference stands, without a p-value."""
    (tuned, frozen), right = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7}, 2)
    verdict = compare(tuned, frozen, right.get)
    assert verdict.difference is not None
    assert (verdict.word, verdict.p) == ("not tested", None)
    assert verdict.reason == "2 seeds are too few for a test: it takes 3"
