"""Labels that a target takes, and what fine-tuning is worth in labels, from rows."""

import pytest

from bench.answers.label_needs import curve_of, needs_of, point_of, worths_of
from bench.answers.rows.rows import Row, rows_of
from bench.statistics.learning_curves import PowerLaw
from tests.material.examples import a_record

PROBE, TUNED = PowerLaw(0.9, 1.0, 0.5), PowerLaw(0.98, 1.0, 0.5)
BUDGETS = (10, 50, 250, 1000)


def rows(law: PowerLaw, method: str, budgets: tuple[int, ...] = BUDGETS, seeds: int = 3, **fields: object) -> list[Row]:
    """Rows that lie on a curve, with seeds half a point apart."""
    made = [
        a_record(
            cell_id=f"{method}{labels}{seed}",
            method=method,
            seed=seed,
            n_labels=labels,
            budget=f"{labels} labels",
            accuracy=law.at(labels) + (seed - (seeds - 1) / 2) / 200,
            **fields,
        )
        for labels in budgets
        for seed in range(seeds)
    ]
    return list(rows_of(made, {}))


def test_targets_are_read_off_each_settings_curve() -> None:
    """That which is asked for, and the best accuracy of what was frozen."""
    table = {
        "probe": rows(PROBE, "linear_probe", frozen_part="features"),
        "tuned": rows(TUNED, "finetune"),
    }
    found = {(need.setting, need.why): need for need in needs_of("a table", table, (0.8,))}
    assert set(found) == {(name, why) for name in table for why in ("asked for", "best frozen")}
    for setting, law in (("probe", PROBE), ("tuned", TUNED)):
        asked = found[setting, "asked for"]
        assert (asked.title, asked.target, asked.budgets) == ("a table", 0.8, BUDGETS)
        assert asked.found.labels == pytest.approx(law.needed(0.8), rel=0.05)
    best = found["tuned", "best frozen"]
    assert best.target == pytest.approx(PROBE.at(1000))
    assert best.found.labels == pytest.approx(TUNED.needed(PROBE.at(1000)), rel=0.05)


def test_few_budgets_and_single_seeds_have_no_curve() -> None:
    """Nor does a budget without labels count."""
    assert curve_of(rows(PROBE, "linear_probe", BUDGETS[:2])) is None
    assert curve_of(rows(PROBE, "linear_probe", seeds=1)) is None
    nothing = a_record(n_labels=0, budget="0 labels")
    assert curve_of([*rows(PROBE, "linear_probe", BUDGETS[:2]), *rows_of([nothing], {})]) is None
    assert needs_of("", {"probe": rows(PROBE, "linear_probe", BUDGETS[:2])}, (0.8,)) == ()


def test_error_of_a_point_is_that_of_its_interval() -> None:
    """Three seeds half a point apart: 0.5 points over the root of three."""
    point = point_of(rows(PROBE, "linear_probe")[0])
    assert point is not None
    assert (point.error, point.freedom) == (pytest.approx(0.005 / 3**0.5), 2)


def test_fine_tuning_is_worth_the_labels_of_a_probe_as_good() -> None:
    """At 50 labels it reaches what the probe needs several times as many for; beyond the probe's ceiling, never."""
    pairs = list(zip(rows(PROBE, "linear_probe"), rows(TUNED, "finetune"), strict=True))
    worths = worths_of(pairs[::-1])
    assert [worth.frozen.n_labels for worth in worths] == list(BUDGETS)
    assert worths[1].found.labels == pytest.approx(PROBE.needed(TUNED.at(50)), rel=0.05)
    assert worths[1].found.labels > 50
    assert worths[-1].found.extrapolated
    assert worths_of(pairs[:2]) == ()
