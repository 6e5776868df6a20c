"""A record is a sample with a name; what varies within a side tells its rows apart."""

import dataclasses

import pytest

from bench.errors import BenchError
from bench.gate.samples import finite, keyed, label, name_of, printable, shared_parts, shortened, told_apart_by
from tests.material.measured import a_cell_record, a_side


def test_name_is_what_the_user_chose() -> None:
    """Without the seed, the machine or anything that came of the run."""
    record = a_cell_record(3, method_params={"l2": 1}, image_selection="kcenter", source="glyphs")
    told = label(name_of(record))
    assert told == "digits test_resnet supervised@glyphs linear_probe(l2=1) glyphs kcenter 5 per class"
    assert name_of(record) == name_of(
        dataclasses.replace(record, seed=0, cell_id="other", precision="bf16", accuracy=0.1)
    )


def test_what_rows_have_in_common_need_not_be_told_of_each() -> None:
    """A single row is told whole."""
    first, second = (name_of(a_cell_record(0, budget=budget)) for budget in ("1 per class", "5 per class"))
    shared = shared_parts([first, second, first])
    assert (label(first, shared), label(second, shared)) == ("1 per class", "5 per class")
    assert shared_parts([first, first]) == ()


def test_a_cell_without_a_number_has_no_figures() -> None:
    """Whatever fields it has."""
    (sample,) = a_side([a_cell_record(0, status="oom", reason="too large")]).samples
    assert (sample.status, sample.figures) == ("oom", {})


def test_several_precisions_of_one_side_are_rows_of_their_own() -> None:
    """And with one precision only it is no part of the name."""
    both = a_side([a_cell_record(0), a_cell_record(0, precision="bf16")])
    assert told_apart_by(both) == {"precision"}
    assert [row[-1] for row in keyed(both, ["precision"])] == [("precision", "fp32"), ("precision", "bf16")]
    assert told_apart_by(a_side([a_cell_record(0), a_cell_record(1, precision="bf16")])) == set()


def test_cells_whose_seeds_vary_apart_are_rows_of_their_own() -> None:
    """And so are repeats; a record that says its seeds but lets them be the same is as one that doesn't."""
    apart = a_side([a_cell_record(0), a_cell_record(0, subset_seed=1), a_cell_record(0, repeat=1)])
    assert [row[-1] for row in keyed(apart, [])][1:] == [("draw", "subset 1, init 0, order 0"), ("draw", "0, repeat 1")]
    assert name_of(a_cell_record(0, subset_seed=0)) == name_of(a_cell_record(0))


def test_two_cells_that_nothing_tells_apart_are_refused() -> None:
    """By name."""
    with pytest.raises(BenchError, match="two cells are called digits test_resnet"):
        keyed(a_side([a_cell_record(0), a_cell_record(0, total_s=7.0)]), [])


@pytest.mark.parametrize("value", ["1", None, True, float("nan"), float("inf"), 10**400, -1e101, [1], {}])
def test_what_is_no_number_is_no_figure(value: object) -> None:
    """Text, yes and no, and what nobody can have measured."""
    with pytest.raises(ValueError, match="is no figure"):
        finite(value)
    assert (finite(7), finite(-1e100)) == (7.0, -1e100)


def test_what_is_kept_is_a_figure_where_a_limit_names_it() -> None:
    """And never in place of one that was measured."""
    (sample,) = a_side([a_cell_record(0)]).samples
    side = dataclasses.replace(
        a_side([]), samples=(dataclasses.replace(sample, kept={"rate": 3.0, "accuracy": 9.0, "note": "fine"}),)
    )
    assert side.namable == {"rate", "accuracy"}
    (named,) = side.judged_by(["rate", "accuracy", "note", "other"]).samples
    assert named.figures == {**sample.figures, "rate": 3.0}


def test_any_text_is_one_short_line() -> None:
    """Halves of surrogate pairs and line ends would break what is printed."""
    assert printable("a\n\ud800é") == "a\\n\\ud800é"
    assert shortened({"a": ["b"] * 99}) == '{"a": ["b", "b", "b", "b", "b", "b", ...'


def test_side_says_when_and_where_it_was_made() -> None:
    """For what is written above a comparison."""
    late = a_cell_record(1, finished_at="2026-11-02T12:00:00+00:00")
    side = a_side([a_cell_record(0), late], gpu={"name": "a GPU"} | dict.fromkeys(("memory_gib", "driver"), None))
    assert (side.made_at, side.commit, side.machine) == (late.finished_at, "0" * 40, "a processor, 2 cores, a GPU")
