"""Tables of the user's choice: every row once, and what differs told."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from bench.answers.crosstab import FIRST, KEYS, Grid, Layout, Pivot, crosstab, keys_named, pivot, pivot_named
from bench.answers.differences import Right
from bench.answers.rows.rows import Row, rows_of
from bench.answers.verdicts import Verdict, Verdicts
from bench.errors import BenchError
from bench.statistics.intervals import Estimate
from tests.material.examples import a_record

SHARES = {"linear_probe": 0.6, "finetune": 0.8, "scratch": 0.5}


def rows(methods: tuple[str, ...] = ("finetune", "linear_probe"), **axes: tuple[Any, ...]) -> tuple[Row, ...]:
    """Rows of three seeds for methods, two budgets, and every value of more axes."""
    more: list[dict[str, Any]] = [{}]
    for name, values in axes.items():
        more = [{**each, name: value} for each in more for value in values]
    made = [
        a_record(
            cell_id=f"{method}|{labels}|{seed}|{place}",
            method=method,
            n_labels=labels,
            budget=f"{labels} labels",
            seed=seed,
            accuracy=SHARES[method] + seed / 100,
            throughput_images_per_s=100.0 if method == "finetune" else 400.0,
            **each,
        )
        for place, each in enumerate(more)
        for method in methods
        for labels in (500, 50)
        for seed in range(3)
    ]
    return rows_of(made, {})


def right(cell_id: str) -> Any:
    """Which of 400 images a cell got right."""
    method, _, seed, _ = cell_id.split("|")
    noise = np.random.default_rng(int(seed)).normal(0, 0.02, 400)
    return np.linspace(0, 1, 400) + noise < SHARES[method]


def pivoted(made: Sequence[Row], wanted: Pivot, metric: str, right: Right) -> Grid:
    return pivot(made, wanted, metric, Verdicts(made, right))


def entries(grid: Grid) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """Return the entries of a table by their labels."""
    return {line.labels: line.entries for line in grid.lines}


def test_every_row_stands_once_where_its_keys_say() -> None:
    """Methods in the order of the catalogue, budgets by their labels."""
    made = rows()
    (grid,) = crosstab(made, Layout(("backbone", "method"), ("budget",)))
    assert grid.heads == ("50 labels", "500 labels")
    assert [line.labels for line in grid.lines] == [("test_resnet", "linear_probe"), ("test_resnet", "finetune")]
    found = entries(grid)["test_resnet", "finetune"]
    assert found == tuple(row.accuracy for row in reversed(made) if row.method == "finetune")


def test_key_that_varies_and_is_not_asked_for_parts_the_tables() -> None:
    grids = crosstab(rows(weights=("random", "pretrained"), device=("cpu",)), Layout(("method",), ("budget",)))
    assert [grid.title for grid in grids] == ["accuracy; weights random", "accuracy; weights pretrained"]
    assert sum(len(line.entries) for grid in grids for line in grid.lines) == 8


def test_setting_says_method_and_weights_and_parts_nothing() -> None:
    (grid,) = crosstab(rows(weights=("random", "pretrained")), Layout())
    assert {line.labels[1] for line in grid.lines} >= {"finetune (random)", "finetune (pretrained)"}


def test_rows_alike_in_all_keys_are_told_apart_by_their_variant() -> None:
    """No figure hides another."""
    (grid,) = crosstab(rows(threads=(1, 2)), Layout(("method",), ("budget",)))
    assert grid.stubs == ("method", "variant")
    assert len(grid.lines) == 4
    assert all(entry is not None for line in grid.lines for entry in line.entries)


def test_without_columns_there_is_one() -> None:
    (grid,) = crosstab(rows(), Layout(("method", "budget"), ()))
    assert grid.heads == ("accuracy",)
    assert len(grid.lines) == 4


def test_any_figure_can_be_shown() -> None:
    (grid,) = crosstab(rows(), Layout(("method",), ("budget",), "throughput"))
    assert entries(grid)["finetune",] == (Estimate(100.0, 0.0, 3),) * 2
    (grid,) = crosstab(rows(), Layout(("method",), ("budget",), "trainable_params"))
    assert entries(grid)["finetune",] == (650, 650)


def test_figure_that_was_not_measured_is_null() -> None:
    some = [row if row.method == "finetune" else dataclasses.replace(row, mfu=0.5) for row in rows()]
    (grid,) = crosstab(some[:-1], Layout(("method",), ("budget",), "mfu"))
    assert entries(grid) == {("linear_probe",): (0.5,)} or entries(grid)["linear_probe",].count(None) == 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: crosstab(rows(), Layout(metric="acuracy")), "did you mean accuracy"),
        (lambda: crosstab(rows(), Layout(metric="backbone")), "--metric"),
        (lambda: crosstab([], Layout()), "no cell has a number yet"),
        (lambda: keys_named("--rows", "backbone,metod"), "--rows: unknown key 'metod'; did you mean method"),
        (lambda: pivot_named("method"), "write between=KEY"),
        (lambda: pivot_named("between="), "name a key"),
        (lambda: pivot_named("between=metod"), "did you mean method"),
        (lambda: pivoted(rows(), Pivot("method", ("finetun",)), "accuracy", right), "did you mean finetune"),
        (lambda: pivoted(rows(), Pivot("backbone"), "accuracy", right), "no two rows differ in nothing but"),
    ],
    ids=lambda each: each if isinstance(each, str) else "by",
)
def test_what_cannot_be_meant_is_refused_with_the_nearest(call: Any, said: str) -> None:
    with pytest.raises(BenchError, match=said):
        call()


def test_options_are_read() -> None:
    assert keys_named("--rows", "backbone, method") == ("backbone", "method")
    assert pivot_named("between=method") == Pivot("method")
    assert pivot_named("between=method:a,b") == Pivot("method", ("a", "b"))
    assert set(KEYS) >= {"dataset", "backbone", "method", "budget", "machine"}


def test_pivot_sets_side_by_side_what_differs_in_one_key() -> None:
    """With the difference from the first, tested over the table."""
    grid = pivoted(rows(), Pivot("method"), "accuracy", right)
    assert grid.heads == ("linear_probe", "finetune", "finetune minus the first")
    assert grid.stubs == ("budget",)
    for line in grid.lines:
        frozen, tuned, verdict = line.entries
        assert isinstance(verdict, Verdict)
        assert isinstance(frozen, Estimate)
        assert isinstance(tuned, Estimate)
        assert verdict.word == "better"
        assert verdict.difference is not None
        assert verdict.difference.mean == pytest.approx(tuned.mean - frozen.mean, abs=0.03)


def test_pivot_takes_the_values_and_their_order_from_the_user() -> None:
    grid = pivoted(rows(tuple(SHARES)), Pivot("method", ("finetune", "scratch")), "accuracy", right)
    assert grid.heads == ("finetune", "scratch", "scratch minus the first")
    verdict = grid.lines[0].entries[-1]
    assert isinstance(verdict, Verdict)
    assert verdict.word == "worse"


def test_line_without_the_first_value_is_held_against_its_own_first() -> None:
    """The scratch rows of other weights are no reason to compare nothing."""
    both = [*rows(("scratch", "linear_probe")), *rows(weights=("pretrained",))]
    grid = pivoted(both, Pivot("method"), "accuracy", right)
    assert grid.heads[:3] == ("scratch", "linear_probe", "finetune")
    found = entries(grid)
    first, second = found["pretrained", "50 labels"][3:]
    assert first == FIRST
    assert isinstance(second, Verdict)
    assert found["pretrained", "50 labels"][0] is None


def test_pivot_of_another_figure_gives_ratios_and_tests_nothing() -> None:
    grid = pivoted(rows(), Pivot("method"), "throughput", right)
    assert grid.lines[0].entries[-1] == 0.25
    assert any("not tested" in note for note in grid.notes)


def test_lines_with_one_value_are_left_out_and_counted() -> None:
    lonely = [row for row in rows() if (row.method, row.n_labels) != ("finetune", 50)]
    grid = pivoted(lonely, Pivot("method"), "accuracy", right)
    assert len(grid.lines) == 1
    assert "1 of the combinations have one method only and are left out." in grid.notes


def test_variants_of_one_value_are_columns_of_their_own() -> None:
    grid = pivoted([*rows(), *rows(("finetune",), threads=(2,))], Pivot("method"), "accuracy", right)
    assert sum(head.startswith("finetune #") and "minus" not in head for head in grid.heads) == 2
