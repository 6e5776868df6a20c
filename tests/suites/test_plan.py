"""A suite becomes cells, and filters choose among them."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.schema import Budget, Cell, Choice
from bench.suites.plan import expand, parse_filter, resolve_training, select
from bench.suites.rules import Rule
from bench.suites.suite import read_suite, suite_path
from bench.suites.workload_suite import is_workload_suite
from tests.material.examples import a_cell
from tests.material.grids import BUDGETS, GRID, HERE, MEASURED, METHODS, a_suite


def matches(cell: Cell, rule: Rule) -> bool:
    try:
        return select([cell], [rule]) == [cell]
    except BenchError:  # none fits
        return False


def ids(cells: list[Cell]) -> list[str]:
    return [cell.cell_id for cell in cells]


def test_a_cell_for_each_combination() -> None:
    assert len(expand(a_suite(), HERE)) == 2 * 2 * 2 * 2


def test_overlapping_grids_give_each_cell_once() -> None:
    wider = dataclasses.replace(GRID, seeds=(0, 1, 2))
    cells = expand(a_suite(GRID, wider, GRID), HERE)
    assert sorted(ids(cells)) == sorted(ids(expand(a_suite(wider), HERE)))
    assert len(ids(cells)) == len(set(ids(cells)))


def test_excluded_cells_are_left_out() -> None:
    rule = {"weights": ("random",), "method": ("finetune", "mlp_*")}
    cells = expand(a_suite(exclude=(rule,)), HERE)
    assert not [cell for cell in cells if cell.weights == "random" and cell.method.name == "finetune"]
    assert len(cells) == 16 - 4


def test_a_suite_whose_cells_are_all_excluded_is_refused() -> None:
    with pytest.raises(BenchError, match="suite example: the grid is empty"):
        expand(a_suite(exclude=({"backbone": ("*",)},)), HERE)


def test_scratch_is_one_cell_whatever_the_weights() -> None:
    grid = dataclasses.replace(GRID, methods=(Choice("scratch"),))
    cells = expand(a_suite(grid), HERE)
    assert {cell.weights for cell in cells} == {"random"}
    assert len(cells) == 2 * 2


def test_auto_becomes_the_device_that_is_there() -> None:
    assert {cell.device for cell in expand(a_suite(), HERE)} == {"cpu"}


def test_auto_becomes_the_precision_that_was_settled_for_backbone_size_and_device() -> None:
    settled = {("test_resnet", 32, "cpu"): ("bf16", "twice as fast"), ("test_vit", 32, "cpu"): ("fp32", "no faster")}
    grid = dataclasses.replace(GRID, backbones=("test_resnet", "test_vit"), precisions=("auto",))
    cells = expand(a_suite(grid), dataclasses.replace(HERE, precision=lambda *asked: settled[asked]))
    found = {(cell.backbone, cell.precision, cell.precision_reason) for cell in cells}
    assert found == {("test_resnet", "bf16", "twice as fast"), ("test_vit", "fp32", "no faster")}


def test_a_precision_that_was_asked_for_is_never_measured() -> None:
    def refuse(*asked: object) -> Any:
        raise AssertionError(asked)

    grid = dataclasses.replace(GRID, precisions=("fp32", "bf16"))
    cells = expand(a_suite(grid), dataclasses.replace(HERE, precision=refuse))
    assert {(cell.precision, cell.precision_reason) for cell in cells} == {("fp32", "asked for"), ("bf16", "asked for")}


def test_auto_and_what_it_stands_for_are_the_same_cells() -> None:
    auto, asked = (expand(a_suite(dataclasses.replace(GRID, precisions=(each,))), HERE) for each in ("auto", "fp32"))
    assert ids(auto) == ids(asked)
    assert {cell.precision_reason for cell in auto} == {MEASURED}


def test_methods_that_share_features_come_first() -> None:
    grid = dataclasses.replace(GRID, weights=("random",), methods=(Choice("finetune"), Choice("linear_probe")))
    names = [cell.method.name for cell in expand(a_suite(grid), HERE)]
    assert names == ["linear_probe"] * 4 + ["finetune"] * 4


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from(METHODS), min_size=1, max_size=4, unique_by=lambda choice: choice.label),
    st.lists(st.sampled_from(BUDGETS), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True),
    st.sampled_from(METHODS),
    st.sampled_from(BUDGETS),
    st.integers(0, 99),
)
def test_adding_to_an_axis_moves_no_other_cell(
    methods: list[Choice], budgets: list[Budget], seeds: list[int], method: Choice, budget: Budget, seed: int
) -> None:
    small = dataclasses.replace(GRID, methods=tuple(methods), budgets=tuple(budgets), seeds=tuple(seeds))
    large = dataclasses.replace(GRID, methods=(method, *methods), budgets=(budget, *budgets), seeds=(seed, *seeds))
    before, after = ids(expand(a_suite(small), HERE)), ids(expand(a_suite(large), HERE))
    assert set(before) <= set(after)
    assert len(set(after)) == len(after)


def test_renaming_a_suite_or_its_time_limit_moves_no_cell() -> None:
    assert ids(expand(a_suite(), HERE)) == ids(expand(a_suite(name="other", timeout_s=1.0), HERE))


@pytest.mark.parametrize(
    ("train", "params", "expected"),
    [
        ({}, {}, (200, None)),
        ({"steps": 70}, {}, (70, None)),
        ({"epochs": 3.0}, {}, (None, 3.0)),
        ({"epochs": 3.0}, {"steps": 40}, (40, None)),
        ({"steps": 70}, {"epochs": 2.0}, (None, 2.0)),
        ({"steps": 70}, {"steps": 300}, (300, None)),
    ],
)
def test_the_nearest_layer_decides_between_steps_and_epochs(
    train: dict[str, Any], params: dict[str, Any], expected: tuple[int | None, float | None]
) -> None:
    settled = resolve_training(a_suite(train=train), Choice("finetune", params), {"learning_rate": 5e-4})
    assert (settled.steps, settled.epochs) == expected


@settings(deadline=None, max_examples=60)
@given(
    *[
        st.fixed_dictionaries(
            {},
            optional={
                "steps": st.none() | st.integers(1, 9),
                "epochs": st.none() | st.integers(1, 9),
                "learning_rate": st.floats(1e-4, 1.0),
            },
        )
        for _ in range(2)
    ]
)
def test_a_recipe_always_has_one_length(suite_keys: dict[str, Any], method_keys: dict[str, Any]) -> None:
    for keys in (suite_keys, method_keys):
        if keys.get("steps") and keys.get("epochs"):
            del keys["epochs"]  # a suite with both is refused
    settled = resolve_training(a_suite(train=suite_keys), Choice("finetune", method_keys), {})
    assert (settled.steps is None) != (settled.epochs is None)


def test_a_method_lays_its_keys_over_the_suites_and_those_over_its_defaults() -> None:
    suite = a_suite(train={"learning_rate": 1e-2, "batch_size": 16})
    choice = Choice("partial_finetune", {"stages": 2, "batch_size": 8})
    settled = resolve_training(suite, choice, {"learning_rate": 5e-4, "weight_decay": 0.01})
    assert (settled.learning_rate, settled.weight_decay, settled.batch_size) == (1e-2, 0.01, 8)


def test_a_cell_holds_all_parameters_of_its_method() -> None:
    grid = dataclasses.replace(GRID, methods=(Choice("partial_finetune", {"stages": 2, "steps": 5}),))
    cell = expand(a_suite(grid), HERE)[0]
    assert cell.settings == {"stages": 2, "prefix": "auto"}
    assert cell.training.steps == 5


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("method=linear_probe", True),
        ("method=*probe", True),
        ("method=finetune,linear_*", True),
        ("method=finetune, linear_probe", True),
        ("method=finetune", False),
        ("backbone=test_*", True),
        ("backbone=TEST_*", False),
        ("labels_per_class=5", True),
        ("labels_per_class=50", False),
        ("fraction=*", False),
        ("seed=0,3", True),
        ("seed=1?", False),
        ("device=c*", True),
    ],
)
def test_a_filter_is_a_list_of_globs(text: str, fits: bool) -> None:
    assert matches(a_cell(), parse_filter(text)) is fits


def test_a_fraction_is_filtered_as_it_is_written() -> None:
    cell = a_cell(budget=Budget("fraction", 1.0))
    assert matches(cell, parse_filter("fraction=1"))
    assert matches(cell, parse_filter("fraction=1.0"))


def test_a_filter_finds_a_method_by_name_or_with_its_parameters() -> None:
    cell = a_cell(method=Choice("partial_finetune", {"stages": 2}))
    assert matches(cell, parse_filter("method=partial_finetune"))
    assert matches(cell, parse_filter("method=*stages=2*"))


def test_all_filters_must_hold() -> None:
    cells = expand(a_suite(), HERE)
    chosen = select(cells, [parse_filter("method=finetune"), parse_filter("seed=1"), parse_filter("weights=random")])
    assert {(cell.method.name, cell.seed, cell.weights) for cell in chosen} == {("finetune", 1, "random")}
    assert len(chosen) == 2


def test_without_filters_all_cells_are_chosen() -> None:
    cells = expand(a_suite(), HERE)
    assert select(cells, []) == cells


def test_filters_that_fit_nothing_are_refused() -> None:
    with pytest.raises(BenchError, match=r"--filter method=finetune, seed=9: fits none of the 16 cells"):
        select(expand(a_suite(), HERE), [parse_filter("method=finetune"), parse_filter("seed=9")])


@pytest.mark.parametrize("text", ["method", "colour=red", "method=", "=finetune"])
def test_a_filter_that_is_none_is_refused_with_the_keys(text: str) -> None:
    with pytest.raises(BenchError, match=r"write KEY=GLOB\[,GLOB\] with a key of dataset, backbone"):
        parse_filter(text)


SHIPPED = [
    path for path in sorted((Path(__file__).parents[2] / "suites").glob("*.yaml")) if not is_workload_suite(path)
]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_every_shipped_suite_expands_to_cells_with_ids_of_their_own(path: Path) -> None:
    cells = expand(read_suite(suite_path(str(path))), HERE)
    assert len(set(ids(cells))) == len(cells) > 0


def test_seeds_may_vary_apart_and_together() -> None:
    """Each axis multiplies the cells; a cell whose seeds are all the same is that of the seed alone."""
    apart = dataclasses.replace(GRID, seeds=(0,), subset_seeds=(0, 1), init_seeds=(0, 1, 2), repeats=(0, 1))
    cells = expand(a_suite(apart), HERE)
    assert len(cells) == len(set(ids(cells))) == 8 * 2 * 3 * 2
    plain = expand(a_suite(dataclasses.replace(GRID, seeds=(0,))), HERE)
    assert set(ids(plain)) < set(ids(cells))
    assert {cell.seeds.order for cell in cells} == {0}
    assert all(cell.subset_seed is None for cell in cells if cell.seeds.subset == 0)


@pytest.mark.parametrize(
    ("text", "count"), [("subset_seed=1", 48), ("init_seed=0,2", 64), ("order_seed=0", 96), ("repeat=1", 48)]
)
def test_seeds_that_vary_apart_can_be_filtered(text: str, count: int) -> None:
    apart = dataclasses.replace(GRID, seeds=(0,), subset_seeds=(0, 1), init_seeds=(0, 1, 2), repeats=(0, 1))
    cells = expand(a_suite(apart), HERE)
    assert len(select(cells, [parse_filter(text)])) == count
