"""How long cells are expected to take: more work has a higher price, and what cells share is paid once."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.schema import Budget, Choice
from bench.suites.plan import expand
from bench.suites.prices import FIXED_S, PROFILE_S, PROFILE_STEPS, Speed, extraction_price, price, profile_price
from tests.material.examples import a_cell
from tests.material.grids import BUDGETS, GRID, HERE, METHODS, a_suite


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(METHODS),
    st.sampled_from(BUDGETS),
    st.sampled_from([{}, {"steps": 1}, {"epochs": 0.01}, {"epochs": 5.0}]),
    st.floats(1e-6, 10.0),
    st.integers(2, 512),
)
def test_every_cell_has_a_positive_price(
    method: Choice, budget: Budget, train: dict[str, Any], step_s: float, batch: int
) -> None:
    grid = dataclasses.replace(GRID, methods=(method,), budgets=(budget,))
    speed = Speed(step_s, step_s / 3, batch, train_images=1437, test_images=360)
    cells = expand(a_suite(grid, train=train), HERE)
    assert all(price(cell, speed) > 0 for cell in cells)


def test_more_steps_cost_more() -> None:
    speed = Speed(0.1, 0.03, 64, 1437, 360)
    few, many = (
        expand(a_suite(dataclasses.replace(GRID, methods=(Choice("finetune", {"steps": steps}),))), HERE)[0]
        for steps in (10, 100)
    )
    assert price(few, speed) < price(many, speed)


def test_features_are_extracted_once_per_weights_and_once_per_seed_of_random_ones() -> None:
    speed = Speed(0.1, 0.02, 10, train_images=80, test_images=20)
    grid = dataclasses.replace(GRID, methods=(Choice("linear_probe"), Choice("mlp_probe")))
    one_pass = 100 * 0.02 / 10
    assert extraction_price(expand(a_suite(grid), HERE), speed) == pytest.approx((1 + 2) * one_pass)
    tuned = dataclasses.replace(GRID, methods=(Choice("finetune"),))
    assert extraction_price(expand(a_suite(tuned), HERE), speed) == 0


def test_a_profile_is_priced_once_for_cells_alike() -> None:
    speed = Speed(0.5, 0.1, 64, train_images=1000, test_images=200)
    tuned = dataclasses.replace(GRID, methods=(Choice("finetune"),), budgets=(Budget("labels_per_class", 50),))
    once = PROFILE_S + PROFILE_STEPS * 0.5
    assert profile_price(expand(a_suite(tuned), HERE), speed) == pytest.approx(once)
    small = dataclasses.replace(tuned, budgets=(*tuned.budgets, Budget("labels", 32)))
    assert profile_price(expand(a_suite(small), HERE), speed) == pytest.approx(once + PROFILE_S + PROFILE_STEPS * 0.25)
    probed = dataclasses.replace(GRID, methods=(Choice("linear_probe"),), budgets=tuned.budgets)
    assert profile_price(expand(a_suite(probed), HERE), speed) == pytest.approx(PROFILE_S)


def test_a_batch_of_the_source_takes_one_of_the_target_along() -> None:
    """However few labels of the target there are."""
    plain = a_cell(method=Choice("finetune"), budget=Budget("fraction", 1.0))
    adapting = dataclasses.replace(
        plain, method=Choice("coral"), source=Choice("glyphs"), budget=Budget("fraction", 0.0)
    )
    speed = Speed(step_s=1.0, forward_s=0.0, batch=64, train_images=1000, test_images=10)
    assert price(adapting, speed) - FIXED_S["full"] == pytest.approx(2 * (price(plain, speed) - FIXED_S["full"]))


def test_features_of_random_weights_are_extracted_once_per_initialisation() -> None:
    frozen = [Choice("linear_probe")]
    made = dataclasses.replace(GRID, weights=("random",), methods=tuple(frozen), seeds=(0,), budgets=GRID.budgets[:1])
    speed = Speed(step_s=1.0, forward_s=1.0, batch=10, train_images=80, test_images=20)
    once, subsets, starts = (
        extraction_price(expand(a_suite(dataclasses.replace(made, **axes)), HERE), speed)
        for axes in ({}, {"subset_seeds": (0, 1, 2)}, {"init_seeds": (0, 1, 2)})
    )
    assert (subsets, starts) == (once, pytest.approx(3 * once))


@pytest.mark.parametrize(("test_images", "looks"), [(100, 2000), (5000, 20_000)])
def test_corruptions_are_priced_by_their_looks_at_the_test_set(test_images: int, looks: int) -> None:
    """Twenty each, up to a number; for frozen features once for all cells that share them."""
    speed = Speed(step_s=1.0, forward_s=0.64, batch=64, train_images=1000, test_images=test_images)
    for method, priced in (("finetune", price), ("linear_probe", lambda cell, speed: extraction_price([cell], speed))):
        plain = a_cell(method=Choice(method))
        asked = dataclasses.replace(plain, probes=("corruptions",))
        assert priced(asked, speed) - priced(plain, speed) == pytest.approx(looks * 0.01)
