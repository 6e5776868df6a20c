"""A verdict says better, worse, same or unknown, and a gate passes only what was shown."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.errors import Exit
from bench.gate.changes import change_of, measured_apart
from bench.gate.compare import Comparison, compare
from bench.gate.rules import parse_rule, parse_rules
from bench.gate.samples import Side
from bench.reports.checks.comparison import render_console
from tests.material.measured import a_cell_record, a_side, judged, row

BASE = (0.90, 0.91, 0.89, 0.92, 0.90)
THROUGHPUT, STEADY = "throughput_images_per_s", (100.0, 101.0, 99.0, 100.5, 99.5)
DRAWS = 300
shares = st.lists(st.floats(0.2, 0.8), min_size=2, max_size=8)
positives = st.lists(st.floats(1.0, 1e4), min_size=2, max_size=8, unique=True)


def words(found: Comparison) -> list[str]:
    """Return the words of the rows."""
    return [verdict.word for verdict in found.verdicts if verdict.row]


def moved(values: Sequence[float], by: float, noise: Sequence[float] = (0,)) -> list[float]:
    """Return values that moved by a constant and some noise."""
    return [value + by + noise[place % len(noise)] for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("base", "new", "word", "code"),
    [
        (BASE, BASE, "same", Exit.OK),
        (BASE, moved(BASE, -0.03), "worse", Exit.GATE_FAILED),
        (BASE, moved(BASE, +0.03), "better", Exit.OK),
        (BASE, moved(BASE, -0.03, (0.002, -0.002, 0.001)), "worse", Exit.GATE_FAILED),
        (BASE, moved(BASE, 0, (0.002, -0.002, 0.001)), "same", Exit.OK),
        (BASE, moved(BASE, -0.02, (0.05, -0.06, 0.04)), "unknown", Exit.NOTHING_COMPARED),
        (BASE[:1], moved(BASE[:1], -0.03), "unknown", Exit.NOTHING_COMPARED),
        (BASE[:1], BASE[:1], "same", Exit.OK),
        (BASE[:2], moved(BASE[:2], -0.03), "worse", Exit.GATE_FAILED),
    ],
)
def test_accuracy_is_judged_by_its_interval_over_seeds(base: Any, new: Any, word: str, code: Exit) -> None:
    """No variance is an answer: equal to the last digit, or a constant shift. One seed or much noise is none."""
    found = judged(row(base), row(new), "accuracy:ci")
    assert (words(found), found.exit_code) == ([word], code)


@pytest.mark.parametrize(
    ("factors", "word"),
    [
        ((0.80, 0.81, 0.79, 0.80, 0.82), "worse"),
        ((1.20, 1.21, 1.19, 1.20, 1.22), "better"),
        ((0.98, 0.99, 0.98, 1.0, 0.99), "same"),
        ((0.94, 0.97, 0.90, 1.02, 0.93), "unknown"),
        ((0.5, 1.4, 0.9, 1.1, 0.7), "unknown"),
    ],
)
def test_throughput_is_judged_by_the_ratio_over_seeds(factors: Any, word: str) -> None:
    """A loss counts from the rule's share on; the interval must exclude none, or the share."""
    new = [value * factor for value, factor in zip(STEADY, factors, strict=True)]
    found = judged(row(STEADY, THROUGHPUT), row(new, THROUGHPUT), "throughput:5%")
    assert words(found) == [word]


def test_one_time_on_each_side_is_unknown_however_far_apart() -> None:
    """Nobody knows what one measurement of a time is worth."""
    found = judged(row([100.0], THROUGHPUT), row([50.0], THROUGHPUT), "throughput:5%")
    assert (words(found), found.exit_code) == (["unknown"], Exit.NOTHING_COMPARED)


def test_a_time_that_cells_share_is_one_measurement() -> None:
    """Frozen features are extracted once for all seeds: five equal times say no more than one."""
    found = judged(row([1700.0] * 5, THROUGHPUT), row([1400.0] * 5, THROUGHPUT), "throughput:5%")
    assert words(found) == ["unknown"]
    assert found.verdicts[0].change is not None
    assert (found.verdicts[0].change.pairs, found.verdicts[0].change.shared) == (1, True)


def test_a_time_that_both_sides_share_says_nothing() -> None:
    """Features that the second run finds in the cache of the first are not timed again."""
    found = judged(row(STEADY, THROUGHPUT), row(STEADY, THROUGHPUT), "throughput:5%")
    assert (words(found), found.exit_code) == (["unknown"], Exit.NOTHING_COMPARED)


def test_an_interval_open_towards_better_is_told_so() -> None:
    """It passes, and is not called the same."""
    new = [value * factor for value, factor in zip(STEADY, (1.02, 1.3, 1.1, 1.5, 1.05), strict=True)]
    found = judged(row(STEADY, THROUGHPUT), row(new, THROUGHPUT), "throughput:5%")
    assert words(found) == ["same"]
    assert found.verdicts[0].maybe_better
    assert "same or better" in render_console(found)


def test_pairs_that_share_a_base_or_a_new_time_stand_together() -> None:
    """Through others, too."""
    pairs = [(1.0, 5.0), (2.0, 6.0), (3.0, 5.0), (3.0, 7.0)]
    assert sorted(map(sorted, measured_apart(pairs, [1, 2, 3, 4]))) == [[1, 3, 4], [2]]


def test_seeds_that_were_not_timed_again_dilute_nothing() -> None:
    """Half of the features came from the cache of the first run: the others say what there is to say."""
    new = [*STEADY[:2], *(value * 0.8 for value in STEADY[2:])]
    change = judged(row(STEADY, THROUGHPUT), row(new, THROUGHPUT), "throughput:5%").verdicts[0].change
    assert change is not None
    assert (change.pairs, math.exp(change.value)) == (3, pytest.approx(0.8))


@pytest.mark.parametrize(
    ("field", "rule", "base", "new", "word"),
    [
        ("peak_rss_mib", "peak_rss:3%", [400.0], [411.0], "same"),
        ("peak_rss_mib", "peak_rss:3%", [400.0], [412.0], "same"),
        ("peak_rss_mib", "peak_rss:3%", [400.0], [413.0], "worse"),
        ("peak_rss_mib", "peak_rss:3%", [400.0], [380.0], "better"),
        ("peak_rss_mib", "peak_rss:3%", [400.0] * 3, [401.0, 402.0, 600.0], "same"),
        ("peak_rss_mib", "peak_rss:20MiB", [400.0], [421.0], "worse"),
        ("peak_rss_mib", "peak_rss:ci", [400.0], [800.0], "unknown"),
        ("trainable_params", "trainable_params:0", [650], [651], "worse"),
        ("trainable_params", "trainable_params:0", [650], [650], "same"),
        ("trainable_params", "trainable_params:ci", [650], [640], "better"),
        ("trainable_params", "trainable_params:5%", [1000, 1000], [1000, 1051], "worse"),
        ("trainable_params", "trainable_params:5%", [1000, 1000], [1000, 1050], "same"),
        ("trainable_params", "trainable_params:5%", [0], [10], "worse"),
        ("checkpoint_bytes", "checkpoint_bytes:1kB", [2600], [3700], "worse"),
    ],
)
def test_exact_figures_and_peaks_need_no_seeds(field: str, rule: str, base: Any, new: Any, word: str) -> None:
    """Of exact ones the worst cell counts, of peaks the middle one."""
    assert words(judged(row(base, field), row(new, field), rule)) == [word]


@settings(deadline=None)
@given(shares)
def test_a_side_is_never_worse_than_itself(values: list[float]) -> None:
    """By any rule that its cells have figures for."""
    records = row(values)
    rules = parse_rules(["accuracy:ci", "accuracy:1pp", "peak_rss:ci", "checkpoint_bytes:0"])
    found = compare(a_side(records), a_side(records), rules)
    assert set(words(found)) == {"same"}
    assert found.exit_code == Exit.OK


@settings(deadline=None)
@given(positives, positives, st.sampled_from(["throughput:5%", "throughput:ci", "total_time:5%"]))
def test_swapping_the_sides_swaps_the_words(base: list[float], new: list[float], rule: str) -> None:
    """Better for worse; what is unknown stays so, and the same may only become unknown: the floor is of one side."""
    count = min(len(base), len(new))
    field = {"throughput": THROUGHPUT, "total_time": "total_s"}[rule.partition(":")[0]]
    left, right = row(base[:count], field), row(new[:count], field)
    (one,), (other,) = words(judged(left, right, rule)), words(judged(right, left, rule))
    swapped = {"better": "worse", "worse": "better"}
    assert other in {swapped.get(one, one), "unknown", "same"}
    assert {one, other} not in ({"better"}, {"worse"})


@settings(deadline=None)
@given(shares, st.floats(-0.15, 0.15), st.integers(0, 2**16))
def test_worse_is_said_only_of_what_got_worse(values: list[float], shift: float, seed: int) -> None:
    """The sign of the mean, and an interval that excludes nothing having changed."""
    noise = np.random.default_rng(seed).normal(0, 0.02, len(values))
    new = [value + shift + float(each) for value, each in zip(values, noise, strict=True)]
    found = judged(row(values), row(new), "accuracy:ci")
    (verdict,) = (verdict for verdict in found.verdicts if verdict.row)
    assert verdict.change is not None
    assert verdict.change.value == pytest.approx(statistics.mean(new) - statistics.mean(values))
    if verdict.word == "worse":
        assert verdict.change.high is not None
        assert verdict.change.high < 0
    if verdict.word == "same":
        assert verdict.change.low is not None
        assert verdict.change.low > -0.03


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.5, 2.0), st.floats(0.5, 2.0)), min_size=2, max_size=9))
def test_interval_is_students(pairs: list[tuple[float, float]]) -> None:
    """Against scipy's own test of one sample."""
    from scipy.stats import ttest_1samp

    differences = [new - base for base, new in pairs]
    assume(statistics.pstdev(differences) > 1e-6)
    change = change_of(parse_rule("accuracy:ci"), pairs)
    expected = ttest_1samp(differences, 0.0)
    low, high = expected.confidence_interval()
    assert (change.p, change.low, change.high) == (
        pytest.approx(expected.pvalue, abs=1e-9),
        pytest.approx(low, abs=1e-9),
        pytest.approx(high, abs=1e-9),
    )


@pytest.mark.parametrize("rows", [1, 12])
def test_false_alarms_stay_under_their_level_however_many_rows(rows: int) -> None:
    """Nothing changed, by simulation: one comparison in forty may call a row worse, not one row in forty."""
    generator = np.random.default_rng(7)
    side = a_side([record for number in range(rows) for record in row(BASE, budget=f"{number + 1} per class")])
    rule = parse_rules(["accuracy:ci"])

    def drawn() -> Side:
        figures = generator.normal(0.8, 0.02, len(side.samples))
        again = zip(side.samples, figures, strict=True)
        return replace(
            side, samples=tuple(replace(sample, figures={"accuracy": float(each)}) for sample, each in again)
        )

    alarms = sum(compare(drawn(), drawn(), rule).exit_code == Exit.GATE_FAILED for _ in range(DRAWS))
    assert alarms / DRAWS <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / DRAWS)


def test_a_loss_of_every_row_is_seen_on_all_rows_together() -> None:
    """Where each by itself has too few seeds to tell."""
    generator = np.random.default_rng(3)

    def side(shift: float) -> list[Any]:
        return [
            record
            for number in range(30)
            for record in row((0.8 + shift + generator.normal(0, 0.02, 5)).tolist(), budget=f"{number} per class")
        ]

    found = judged(side(0.0), side(-0.03), "accuracy:ci")
    together, *_ = found.verdicts
    assert (together.row, together.word, found.exit_code) == ((), "worse", Exit.GATE_FAILED)


def test_cells_are_paired_by_all_but_the_run() -> None:
    """By seed, whatever the cell's id, and in any order."""
    base, new = row(BASE), row(moved(BASE, -0.03), cell_id="other")
    assert words(judged(base, new[::-1], "accuracy:ci")) == ["worse"]


def test_what_differs_stands_in_the_way_unless_allowed() -> None:
    """Named, with both values; one row in the way is not hidden by another that is well."""
    base = [*row(BASE), *row(BASE, budget="9 per class")]
    new = [*row(BASE), *row(BASE, budget="9 per class", precision="bf16")]
    found = judged(base, new, "accuracy:ci")
    assert (words(found), found.exit_code) == (["same", "not comparable"], Exit.NOT_COMPARABLE)
    assert found.verdicts[-1].mismatches[0].text == "precision: fp32 against bf16"
    assert judged(base, new, "accuracy:ci", ["precision"]).exit_code == Exit.OK


def test_a_regression_that_was_shown_counts_more_than_what_can_not_be_compared() -> None:
    """Exit 1, not 5."""
    base = [*row(BASE), *row(BASE, budget="9 per class")]
    new = [*row(moved(BASE, -0.03)), *row(BASE, budget="9 per class", precision="bf16")]
    assert judged(base, new, "accuracy:ci").exit_code == Exit.GATE_FAILED


@pytest.mark.parametrize(
    ("base", "new", "rule"),
    [
        ([], [], "accuracy:ci"),
        (row(BASE), [], "accuracy:ci"),
        ([], row(BASE), "accuracy:ci"),
        (row(BASE), row(BASE, budget="9 per class"), "accuracy:ci"),
        (row(BASE), row(BASE), "peak_cuda:3%"),
        (row([None] * 5, THROUGHPUT), row([None] * 5, THROUGHPUT), "throughput:5%"),
        (row(STEADY, THROUGHPUT), row([None] * 5, THROUGHPUT), "throughput:5%"),
        (row(BASE, status="oom", reason="large"), row(BASE, status="oom", reason="large"), "accuracy:ci"),
    ],
)
def test_an_empty_comparison_is_never_a_pass(base: Any, new: Any, rule: str) -> None:
    """No cells, no cells in common, or none with the figure."""
    assert judged(base, new, rule).exit_code == Exit.NOTHING_COMPARED


@settings(deadline=None)
@given(
    st.lists(st.floats(0.5, 0.9), min_size=1, max_size=4),
    st.lists(st.sampled_from([-0.05, -0.001, 0.0, 0.0, 0.04]), min_size=4, max_size=4),
    st.sampled_from(["ok", "ok", "ok", "oom", "skipped"]),
    st.sampled_from(["fp32", "fp32", "bf16"]),
)
def test_a_pass_means_that_every_cell_of_the_base_was_judged_well(
    values: list[float], shifts: list[float], status: Any, precision: str
) -> None:
    """Whatever else happens: all there, all comparable, none worse, none unknown."""
    new = [value + shift for value, shift in zip(values, shifts, strict=False)]
    records = [
        *row(new[:-1], precision=precision),
        a_cell_record(len(new) - 1, accuracy=new[-1], status=status, reason="why", precision=precision),
    ]
    found = judged(row(values), records, "accuracy:ci")
    passed = found.exit_code == Exit.OK
    assert passed == (set(words(found)) in ({"same"}, {"better"}) and not found.lost and not found.only_in_base)
    if status != "ok" or precision != "fp32":
        assert not passed
    if math.fsum(new) < math.fsum(values) - 0.03 * len(values):
        assert not passed


def test_every_rule_must_have_something_to_judge() -> None:
    """One that has does not answer for one that has not."""
    found = compare(a_side(row(BASE)), a_side(row(BASE)), parse_rules(["accuracy:ci", "peak_cuda:3%"]))
    assert [rule.text for rule in found.without] == ["peak_cuda:3%"]
    assert found.exit_code == Exit.NOTHING_COMPARED


def test_cells_of_one_side_are_named_and_missing_ones_are_no_pass() -> None:
    """New ones are well; that old ones are gone may be allowed."""
    found = judged(row(BASE), row(BASE[:3]), "accuracy:ci")
    assert [sample.seed for sample in found.only_in_base] == [3, 4]
    assert found.exit_code == Exit.NOTHING_COMPARED
    assert judged(row(BASE), row(BASE[:3]), "accuracy:ci", ["missing"]).exit_code == Exit.OK
    more = judged(row(BASE[:3]), row(BASE), "accuracy:ci")
    assert ([sample.seed for sample in more.only_in_new], more.exit_code) == ([3, 4], Exit.OK)


@pytest.mark.parametrize(
    ("status", "code"), [("oom", Exit.GATE_FAILED), ("failed", Exit.GATE_FAILED), ("skipped", Exit.NOTHING_COMPARED)]
)
def test_a_cell_that_lost_its_number_is_no_pass(status: str, code: Exit) -> None:
    """One that fails where it ran before is a regression; one that was skipped says nothing."""
    gone = a_cell_record(4, status=status, reason="why", accuracy=None)
    found = judged(row(BASE), [*row(BASE[:4]), gone], "accuracy:ci")
    assert ([sample.seed for sample in found.lost], found.exit_code) == ([4], code)


def test_precisions_of_one_run_are_compared_each_with_its_own() -> None:
    """As rows, and not refused."""
    both = [*row(BASE), *row(moved(BASE, -0.01), precision="bf16")]
    found = judged(both, both, "accuracy:ci")
    assert (words(found), found.exit_code) == (["same", "same"], Exit.OK)
