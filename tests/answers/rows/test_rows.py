"""A row is the cells that differ in nothing but their seed."""

import pytest

from bench.answers.rows.rows import rows_of
from bench.schema import Seeds
from tests.material.examples import a_record

MACHINES = {name: {"processor": name, "cores": 2, "gpu": None} for name in ("slow", "fast")}


def test_seeds_are_one_row_with_its_mean_and_its_cells() -> None:
    """In any order."""
    made = [a_record(cell_id=str(seed), seed=seed, accuracy=0.5 + seed / 10) for seed in (2, 0, 1)]
    (row,) = rows_of(made, {})
    assert (row.seeds, row.accuracy.n) == ((0, 1, 2), 3)
    assert row.accuracy.mean == pytest.approx(0.6)
    assert row.cells == {Seeds(seed, seed, seed): str(seed) for seed in (0, 1, 2)}


@pytest.mark.parametrize(
    "change",
    [
        {"weights_sha256": "other"},
        {"dataset_fingerprint": "other"},
        {"image_selection": "kcenter"},
        {"source": "glyphs"},
        {"search": "random"},
        {"threads": 2},
        {"budget": "6 per class"},
    ],
    ids=str,
)
def test_whatever_else_differs_is_another_row(change: dict[str, object]) -> None:
    assert len(rows_of([a_record(), a_record(cell_id="other", **change)], {})) == 2


def test_seeds_of_two_kinds_of_machine_are_two_rows() -> None:
    """Their times are no sample of one thing."""
    made = [a_record(cell_id=name, seed=place, env=name) for place, name in enumerate(MACHINES)]
    assert len(rows_of(made, MACHINES)) == 2
    assert len(rows_of(made, dict.fromkeys(MACHINES, MACHINES["slow"]))) == 1


def test_scores_are_means_and_left_out_where_a_cell_lacks_them() -> None:
    made = [
        a_record(cell_id=str(seed), seed=seed, transferability={"logme": float(seed), "leep": None if seed else 0.5})
        for seed in (0, 1)
    ]
    (row,) = rows_of(made, {})
    assert row.transferability == {"logme": 0.5}


def test_an_extraction_that_seeds_share_is_one_measurement() -> None:
    """Its interval would claim to know what no second measurement told."""
    shared = [a_record(cell_id=str(seed), seed=seed, throughput_of="extraction") for seed in range(3)]
    apart = [a_record(cell_id=str(seed), seed=seed, throughput_of="training") for seed in range(3)]
    (one,), (three,) = rows_of(shared, {}), rows_of(apart, {})
    assert one.throughput is not None
    assert three.throughput is not None
    assert (one.throughput.n, one.throughput.half_width, three.throughput.n) == (1, None, 3)
