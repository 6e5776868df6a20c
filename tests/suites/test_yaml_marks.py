"""YAML with places, and without PyYAML's traps."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError, InvalidSuite
from bench.suites.yaml_marks import Marks, Place, load_with_marks, read_suite_text


def loaded(text: str) -> tuple[dict[str, Any], Marks]:
    return load_with_marks(text, "suite.yaml")


def problem_of(text: str) -> str:
    with pytest.raises(InvalidSuite) as refused:
        loaded(text)
    (problem,) = refused.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "number"), [("1e-3", 0.001), ("1E3", 1000.0), ("-2e5", -200000.0), ("1.5e-3", 0.0015), ("+1e2", 100.0)]
)
def test_a_number_with_an_exponent_is_a_number(text: str, number: float) -> None:
    assert loaded(f"value: {text}")[0] == {"value": number}


@settings(deadline=None, max_examples=100)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_that_python_writes_is_read_as_it_is(number: float) -> None:
    assert loaded(f"value: {number!r}")[0] == {"value": number}


@pytest.mark.parametrize("text", ["1e", "e3", "'1e-3'", "1e-3x", "resnet18", "vit_e2e"])
def test_text_stays_text(text: str) -> None:
    assert isinstance(loaded(f"value: {text}")[0]["value"], str)


def test_every_key_and_item_has_its_place() -> None:
    _, marks = loaded("name: x\ngrid:\n  seed: [0, 1]\n  method:\n    - finetune\n")
    assert str(marks.at(("name",))) == "suite.yaml:1:1"
    assert str(marks.at(("grid", "seed"))) == "suite.yaml:3:3"
    assert str(marks.at(("grid", "seed", 1))) == "suite.yaml:3:13"
    assert str(marks.at(("grid", "method", 0))) == "suite.yaml:5:7"


def test_what_stands_nowhere_has_the_place_of_what_is_around_it() -> None:
    _, marks = loaded("name: x\ngrid:\n  seed: [0]\n")
    assert str(marks.at(("grid", "method", 3))) == "suite.yaml:2:1"
    assert str(marks.at(("train",))) == "suite.yaml:1:1"


def test_an_option_of_the_command_line_has_no_line() -> None:
    assert str(Place("--set image_size", None, None)) == "--set image_size"


def test_all_duplicate_keys_are_named_with_both_places() -> None:
    _, marks = loaded("name: x\ngrid:\n  seed: [0]\n  seed: [1]\nname: y\n")
    assert sorted(marks.problems) == [
        "suite.yaml:4:3: grid.seed: stands twice, first at line 3; remove one",
        "suite.yaml:5:1: name: stands twice, first at line 1; remove one",
    ]


def test_equal_keys_of_different_mappings_are_no_duplicates() -> None:
    assert loaded("a: {name: x}\nb: {name: x}\nc: [{name: x}, {name: x}]\n")[1].problems == []


def test_a_merged_mapping_may_be_overridden() -> None:
    contents, marks = loaded("first: &first {steps: 1, seed: 2}\nsecond: {<<: *first, steps: 3}\n")
    assert contents["second"] == {"steps": 3, "seed": 2}
    assert marks.problems == []


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "just words\n", "3\n"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    assert problem_of(text) == "suite.yaml:1:1: must be a mapping of keys to values, as in `name: my_suite`"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name: x\ngrid: [1, 2\n", "suite.yaml:3:1"),
        ("name: x\n\tgrid: 1\n", "suite.yaml:2:1"),
        ("a: b: c\n", "suite.yaml:1:5"),
        ("name: *nobody\n", "suite.yaml:1:7"),
    ],
)
def test_invalid_yaml_is_refused_at_its_place(text: str, place: str) -> None:
    assert problem_of(text).startswith(f"{place}: no valid YAML: ")


def test_what_is_no_text_is_refused_at_its_place() -> None:
    assert problem_of("name: x\nb: \x07\n").startswith("suite.yaml:2:4: no valid YAML: holds '\\x07'")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (".inf", "must be a finite number (not inf)"),
        ("1e400", "must be a finite number (not inf)"),
        ("010", "'010' is 8 in YAML 1.1 and 10 in 1.2"),
        ("-0_17", "'-0_17' is -15 in YAML 1.1 and -17 in 1.2"),
        ("1:30", "'1:30' is base 60 in YAML 1.1"),
        ("1:30.5", "'1:30.5' is base 60"),
        ("9223372036854775808", "must be a whole number of at most 64 bits"),
        ("9" * 5000, "'999999999"),
        ("!!binary aGk=", "!!binary can't stand in a suite"),
        ("!!python/object:os.system x", "!!python/object:os.system can't stand in a suite"),
        ("!!set {a}", "!!set can't stand in a suite"),
        ("!!bool perhaps", "'perhaps' is no bool that can be held"),
        ("!!int ''", "'' is no int that can be held"),
        ('"\\ud800"', "holds the control character '\\ud800'"),
        ('"\\e[31m"', "holds the control character '\\x1b'"),
        ("{[a]: b}", "a key must be text"),
    ],
)
def test_what_no_suite_can_hold_is_told_beside_all_else_with_its_place(value: str, said: str) -> None:
    contents, marks = loaded(f"a: {value}\nb: 5\n")
    assert contents["b"] == 5
    (problem,) = marks.problems
    assert problem.startswith("suite.yaml:1:4: a: ") or value.startswith("{")
    assert said in problem
    assert ("a",) in marks.refused


@pytest.mark.parametrize("text", ["2020-01-01", "2020-13-45", "2001-12-14t21:59:43.10-05:00", "=", "08", "yes", "off"])
def test_dates_and_the_like_are_text(text: str) -> None:
    assert loaded(f"a: {text}")[0] == {"a": text}


@pytest.mark.parametrize(("text", "number"), [("07", 7), ("0x1F", 31), ("1_000", 1000), ("-0", 0)])
def test_a_number_that_is_the_same_to_all_readers_is_taken(text: str, number: int) -> None:
    assert loaded(f"a: {text}")[0] == {"a": number}


def test_what_an_alias_stands_for_is_no_second_name_of_it() -> None:
    """An override of the one must leave the other be."""
    contents, marks = loaded("a: &a {b: [1]}\nc: *a\nd: {<<: *a}\n")
    contents["a"]["b"].append(2)
    assert contents["c"] == contents["d"] == {"b": [1]}
    assert str(marks.at(("d", "b"))) == "suite.yaml:1:8"


def test_keys_that_stand_twice_are_told_once_however_often_they_are_repeated() -> None:
    assert len(loaded("a: &a {b: 1, b: 2}\nc: [*a, *a]\nd: {<<: *a}\n")[1].problems) == 1


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "utf-16", "long", "nothing"])
def test_only_a_regular_file_of_text_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "utf-16":
        path.write_text("name: x", encoding="utf-16")
    elif kind == "long":
        with path.open("wb") as stream:
            stream.truncate(10 * 2**30)  # a hole: it takes no room
    with pytest.raises(BenchError, match=r"x\.yaml: .*; give a"):
        read_suite_text(path)


def test_a_file_of_several_documents_is_refused() -> None:
    assert "no valid YAML" in problem_of("name: x\n---\nname: y\n")


def test_a_mapping_that_holds_itself_is_refused() -> None:
    assert "no valid YAML" in problem_of("name: &me [*me]\n")


def test_only_true_and_false_are_booleans() -> None:
    """A parameter may be called `on`, a value `no`."""
    contents, _ = load_with_marks("on: features\nyes: [no, off, true, False]\n", "here")
    assert contents == {"on": "features", "yes": ["no", "off", True, False]}


def test_keys_are_text() -> None:
    """A number among them is refused by what knows the keys, not by a crash."""
    contents, marks = load_with_marks("grid: {5: a, true: b}\n", "here")
    assert contents == {"grid": {"5": "a", "true": "b"}}
    assert marks.at(("grid", "5")).line == 1
