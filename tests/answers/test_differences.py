"""How far two rows lie apart: paired by seed and test image, and silent where nothing can be said."""

import dataclasses
import itertools

import numpy as np
import pytest

from bench.answers.differences import compare, differ_among
from bench.answers.rows.rows import rows_of
from bench.records.record import Record
from bench.schema import Choice
from tests.material.answered import IMAGES, Answers, answers, rows
from tests.material.examples import a_cell, a_record


def test_difference_is_that_of_the_images() -> None:
    (tuned, frozen), right = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7})
    apart = compare(tuned, frozen, right.get)
    assert apart.difference is not None
    assert apart.difference.mean == pytest.approx(tuned.accuracy.mean - frozen.accuracy.mean)
    assert (apart.difference.seeds, apart.difference.images, apart.reason) == (4, IMAGES, None)


def test_only_seeds_that_both_have_are_compared() -> None:
    """The others have no partner."""
    made, right = rows({("finetune", 50): 0.8}, 4)
    fewer, more = rows({("linear_probe", 50): 0.7}, 3)
    apart = compare(made[0], fewer[0], (right | more).get)
    assert apart.difference is not None
    assert apart.difference.seeds == 3


def test_reason_is_given_where_nothing_is_tested() -> None:
    """Single seeds, other test images, another data set, lost predictions, no seed in common."""
    (tuned, frozen), right = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7})
    (one, other), single = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7}, 1)
    assert compare(one, other, single.get).reason == "a single seed: its noise is unknown"
    assert compare(tuned, frozen, {}.get).reason == "predictions are missing"
    elsewhere = rows_of([a_record(cell_id="x", seed=0, test_sha256="other")], {})[0]
    assert compare(tuned, elsewhere, right.get).reason == "other test images"
    assert compare(tuned, dataclasses.replace(frozen, dataset="glyphs"), right.get).reason == "other test images"
    later = rows_of([a_record(cell_id="y", seed=99)], {})[0]
    assert compare(tuned, later, right.get).reason == "no seed in common"


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
    """Nine cells of three subsets and three initialisations; with one missing nothing is compared."""
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
    apart = compare(tuned, frozen, right.get)
    assert apart.difference is not None
    assert (apart.reason, apart.difference.seeds) == (None, 9)
    (fewer,) = rows_of(made["linear_probe"][1:], {})
    assert compare(tuned, fewer, right.get).reason == "not every combination of the seeds that varied has a number"


def test_two_seeds_are_too_few_and_it_is_said() -> None:
    (tuned, frozen), right = rows({("finetune", 50): 0.8, ("linear_probe", 50): 0.7}, 2)
    apart = compare(tuned, frozen, right.get)
    assert apart.difference is not None
    assert apart.reason == "2 seeds are too few for a test: it takes 3"


def test_pairs_by_sums_are_those_of_each_comparison() -> None:
    """Rows alike, those of other budgets too, and rows with other seeds or lost answers, compared one by one."""
    shares = {("finetune", 50): 0.6, ("finetune", 500): 0.9, ("linear_probe", 50): 0.7, ("linear_probe", 500): 0.8}
    made, right = rows(shares)
    fewer, others = rows({("lora", 50): 0.5, ("lora", 500): 0.6}, seeds=2)
    lost, _ = rows({("knn", 50): 0.5})
    every, known = [*made, *fewer, *lost], right | others
    differ = differ_among(every, known.get)
    for one, other in itertools.permutations(every, 2):
        plain, found = compare(one, other, known.get), differ(one, other)
        assert found.reason == plain.reason
        assert (found.difference is None) == (plain.difference is None) == ("knn" in (one.method, other.method))
        if found.difference is not None and plain.difference is not None:
            assert found.difference.mean == pytest.approx(plain.difference.mean)
            assert found.difference.error == pytest.approx(plain.difference.error)
            assert found.difference.freedom == pytest.approx(plain.difference.freedom)
