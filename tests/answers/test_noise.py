"""Which seeds varied in a run, and the noise of its rows."""

import itertools

import pytest

from bench.answers.noise import Varied, noise_of, varied_of
from bench.answers.rows.rows import rows_of
from bench.records.record import Record
from tests.material.examples import a_cell, a_record


def made(repeats: int = 1, **axes: int) -> list[Record]:
    """Records of one cell with so many seeds of each kind."""
    names, counts = list(axes), list(axes.values())
    found = []
    for values in itertools.product(*map(range, counts), range(repeats)):
        seeds = dict(zip([*names, "repeat"], values, strict=True))
        cell = a_cell(**seeds)
        accuracy = 0.8 + 0.02 * seeds.get("subset_seed", 0) + 0.001 * seeds.get("init_seed", 0)
        found.append(a_record(cell, accuracy=accuracy))
    return found


def test_what_varied_is_told_with_what_did_not() -> None:
    """Together, apart, not at all."""
    everything = "labelled images + initialisation + order of training"
    assert varied_of(made(seed=5)) == Varied(((everything, 5),), (), 1)
    apart = varied_of(made(2, subset_seed=3, init_seed=2))
    assert apart == Varied((("labelled images", 3), ("initialisation", 2)), ("order of training",), 2)
    assert varied_of(made(seed=1)).factors == ()
    assert varied_of([]) == Varied((), ("labelled images", "initialisation", "order of training"), 1)


def test_rows_whose_seeds_varied_apart_have_their_noise() -> None:
    """By cause; the accuracies of the cells are those of the records."""
    records = made(subset_seed=3, init_seed=2)
    (noise,) = noise_of(rows_of(records, {}), records)
    assert noise.found is not None
    images, start, rest = noise.found.components
    assert images.variance == pytest.approx(0.02**2)
    assert start.variance == pytest.approx(0.001**2 / 2)
    assert rest.variance == pytest.approx(0.0, abs=1e-12)


def test_rows_with_one_seed_each_tell_nothing_of_causes() -> None:
    records = made(seed=4)
    assert noise_of(rows_of(records, {}), records) == ()


def test_repeats_alone_tell_the_noise_of_the_run() -> None:
    records = made(3, seed=1)
    (noise,) = noise_of(rows_of(records, {}), records)
    assert noise.found is not None
    assert [part.cause for part in noise.found.components] == ["the run itself"]


def test_a_failed_cell_leaves_a_hole_that_is_told() -> None:
    records = made(subset_seed=2, init_seed=2)[1:]
    (row,) = rows_of(records, {})
    (noise,) = noise_of((row,), records)
    assert noise.found is None
    assert row.accuracy.half_width is None
