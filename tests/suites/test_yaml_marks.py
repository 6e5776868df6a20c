"""YAML with places, and without PyYAML's traps."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import InvalidSuite
from bench.suites.yaml_marks import Marks, Place, load_with_marks


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
    assert sorted(marks.duplicates) == [
        "suite.yaml:4:3: grid.seed: stands twice, first at line 3; remove one",
        "suite.yaml:5:1: name: stands twice, first at line 1; remove one",
    ]


def test_equal_keys_of_different_mappings_are_no_duplicates() -> None:
    assert loaded("a: {name: x}\nb: {name: x}\nc: [{name: x}, {name: x}]\n")[1].duplicates == []


def test_a_merged_mapping_may_be_overridden() -> None:
    contents, marks = loaded("first: &first {steps: 1, seed: 2}\nsecond: {<<: *first, steps: 3}\n")
    assert contents["second"] == {"steps": 3, "seed": 2}
    assert marks.duplicates == []


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
        ("name: !!python/object:os.system x\n", "suite.yaml:1:7"),
    ],
)
def test_invalid_yaml_is_refused_at_its_place(text: str, place: str) -> None:
    assert problem_of(text).startswith(f"{place}: no valid YAML: ")


@pytest.mark.parametrize("text", ["name: \x07\n", "name: 2024-13-45\n"])
def test_what_yaml_cannot_hold_is_refused(text: str) -> None:
    assert problem_of(text).startswith("suite.yaml:1:1: no valid YAML: ")


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
    assert contents == {"grid": {"5": "a", "True": "b"}}
    assert marks.at(("grid", "5")).line == 1
