"""What may stand in a suite, and how a mistake is told."""

import dataclasses
from typing import Any

import pytest
from pydantic import ValidationError

from bench.schema import Training
from bench.suites.grammar import FILTER_KEYS, Axes, SuiteFile, TrainModel, cure, explain_all, written_path
from bench.suites.yaml_marks import Marks, Place

VALID: dict[str, Any] = {
    "name": "mine",
    "dataset": "digits",
    "image_size": 32,
    "grid": {"backbone": ["test_resnet"], "method": ["finetune"], "fraction": [1.0]},
}


def mistakes(**changes: Any) -> tuple[dict[str, Any], ValidationError]:
    """Return the contents of a suite file with some changes, and what is wrong with them."""
    contents = {**VALID, **changes}
    with pytest.raises(ValidationError) as refused:
        SuiteFile.model_validate(contents)
    return contents, refused.value


def test_every_key_of_the_recipe_may_be_written() -> None:
    """At its default too, but for the two lengths, of which a suite writes one."""
    assert set(TrainModel.model_fields) == {field.name for field in dataclasses.fields(Training)}
    written = dataclasses.asdict(Training())
    assert TrainModel.model_validate(written).model_dump() == written


def test_every_axis_can_be_filtered() -> None:
    assert set(Axes.model_fields) <= set(FILTER_KEYS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"image_size": "wide"}, "must be a whole number (not 'wide')"),
        ({"image_size": 32.5}, "must be a whole number (not 32.5)"),
        ({"image_size": 4096}, "must be at most 2048 (not 4096)"),
        ({"timeout_s": 0}, "must be more than 0 (not 0)"),
        ({"deterministic": "perhaps"}, "must be true or false (not 'perhaps')"),
        ({"train": {"momentum": 1.0}}, "must be less than 1 (not 1.0)"),
        (
            {"train": {"schedule": "linear"}},
            "must be one of 'constant', 'step', 'cosine' or 'one_cycle' (not 'linear')",
        ),
        ({"train": [1]}, "must be a mapping of keys to values (not [1])"),
        ({"grid": {**VALID["grid"], "seed": []}}, "is empty; write at least one value"),
        ({"tune": {"trials": 2, "space": {"all": {"steps": []}}}}, "is empty; write at least one value"),
        (
            {"tune": {"trials": 2, "space": {"all": {"gamma": {"low": 0, "high": 1, "log": True}}}}},
            "low must be less than high, and more than 0 where log is true",
        ),
        ({"image_size": True}, "must be a number (not true)"),
        ({"timeout_s": 3_000_000}, "must be at most 2147483 (not 3000000)"),
        ({"threads": 10**6}, "must be at most 1024 (not 1000000)"),
        ({"train": {"steps": False}}, "must be a number (not false)"),
        ({"grid": {**VALID["grid"], "seed": [2**63]}}, "must be at most 9223372036854775807"),
        ({"grid": {**VALID["grid"], "device": ["cuda:\u0663"]}}, "must fit"),
        ({"grid": {**VALID["grid"], "backbone": ["a"] * 2001}}, "has 2001 entries, and at most 2000 are taken"),
        ({"exclude": [{"seed": {"a": 1}}]}, "must be text, a number, or a list of these"),
        ({"exclude": [{"seed": [None]}]}, "must be text, a number, or a list of these"),
        ({"name": "x" * 201}, "must have at most 200 characters (not 'xxxx"),
        ({"tune": {"trials": 2, "space": {"all": {"steps": [1] * 1001}}}}, "has 1,001 values, and at most 1,000"),
        (
            {"tune": {"trials": 2, "space": {"all": {"gamma": {"low": -1e308, "high": 1e308}}}}},
            "low and high are too far apart",
        ),
        ({"train": {"lerning_rate": 1}}, "unknown key 'lerning_rate'; did you mean learning_rate"),
        ({"imagesize": 1}, "unknown key 'imagesize'; did you mean image_size"),
    ],
)
def test_a_mistake_is_told_in_plain_words(changes: dict[str, Any], said: str) -> None:
    contents, error = mistakes(**changes)
    mistake = error.errors()[0]
    assert cure(mistake, written_path(contents, mistake["loc"])).startswith(said)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_number_that_json_lacks_is_refused(value: float) -> None:
    """A cell's id is the hash of its JSON."""
    contents, error = mistakes(train={"weight_decay": value})
    assert written_path(contents, error.errors()[0]["loc"]) == ("train", "weight_decay")


@pytest.mark.parametrize(
    ("contents", "loc", "path"),
    [
        ({"grid": {"method": ["a", "b"]}}, ("grid", "method", 1, "str"), ("grid", "method", 1)),
        (
            {"grid": {"method": [{"name": 3}]}},
            ("grid", "method", 0, "_NamedChoice", "name"),
            ("grid", "method", 0, "name"),
        ),
        ({"dataset": 3}, ("dataset", "list[union[str,_NamedChoice]]"), ("dataset",)),
        ({"grid": {}}, ("grid", "backbone"), ("grid", "backbone")),
        ({}, ("name",), ("name",)),
        ({"a": 1}, (), ()),
    ],
)
def test_the_path_is_what_stands_in_the_file(contents: Any, loc: tuple[Any, ...], path: tuple[Any, ...]) -> None:
    """Names of the members of a union do not; a key that is missing is told all the same."""
    assert written_path(contents, loc) == path


def test_each_place_has_one_line() -> None:
    """Though a name that is neither text nor a mapping fits no member of a union, each for a reason of its own."""
    contents, error = mistakes(dataset=3, image_size="wide")
    assert len(error.errors()) > 2
    marks = Marks("x.yaml", {("dataset",): Place("x.yaml", 2, 1), ("image_size",): Place("x.yaml", 3, 1)})
    assert explain_all(marks, contents, error) == [
        "x.yaml:2:1: dataset: must be text (not 3)",
        "x.yaml:3:1: image_size: must be a whole number (not 'wide')",
    ]


def test_what_is_refused_already_is_not_told_again() -> None:
    """Null stands in its place, which fits nothing."""
    contents, error = mistakes(image_size=None, name=None)
    marks = Marks("x.yaml")
    marks.refuse(("image_size",), Place("x.yaml", 3, 13), "must be a finite number")
    assert explain_all(marks, contents, error) == ["x.yaml:1:1: name: must be text (not None)"]


def test_a_long_value_is_cut() -> None:
    contents, error = mistakes(image_size="w" * 10_000)
    (line,) = explain_all(Marks("x.yaml"), contents, error)
    assert line.endswith("'... of 10,000 characters)")
    assert len(line) < 200
