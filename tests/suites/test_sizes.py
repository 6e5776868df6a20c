"""A grid of too many cells is refused before a cell is made."""

from pathlib import Path

import pytest

from bench.errors import InvalidSuite
from bench.suites.suite import read_suite
from tests.material.hostile import PLAIN, written

SEEDS = f"[{', '.join(str(seed) for seed in range(300))}]"
HUGE_VALUES = {
    **PLAIN,
    ("max_cells",): "100_000",
    ("grid", "seed"): SEEDS,
    ("grid", "subset_seed"): SEEDS,
    ("grid", "repeat"): SEEDS,
}
HUGE = written(HUGE_VALUES)


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(InvalidSuite) as refused:
        read_suite(path)
    return refused.value.problems


def test_the_axes_are_multiplied_before_they_are_expanded(tmp_path: Path) -> None:
    """Told with the product, the limit and the key that moves it."""
    (grid, include) = problems(tmp_path, HUGE)
    assert grid.startswith(f"{tmp_path}/x.yaml:5:1: grid: 108,000,000 cells before exclude, more than 100,000;")
    assert "raise max_cells in the suite" in grid
    assert grid.endswith("2 method x 2 label budgets x 300 seed x 300 subset_seed x 300 repeat")
    assert "x.yaml:17:11: include.0: 360,000 cells" in include


def test_a_million_is_the_limit_where_a_suite_says_none(tmp_path: Path) -> None:
    values = {path: value for path, value in HUGE_VALUES.items() if path != ("max_cells",)}
    (grid,) = problems(tmp_path, written(values))
    assert "108,000,000 cells before exclude, more than 1,000,000;" in grid


def test_all_includes_count_together(tmp_path: Path) -> None:
    text = written({**PLAIN, ("max_cells",): "10"})
    (told,) = problems(tmp_path, text)
    assert "x.yaml:17:1: include: with the grid 12 cells before exclude, more than 10" in told


def test_the_limit_is_a_key_and_part_of_no_cell(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(written(PLAIN))
    assert read_suite(path, ["max_cells=12"]) == read_suite(path, ["max_cells=12000"])
