"""`--set`: any text is taken or refused in one line."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.suites.overrides import override
from bench.suites.suite import read_suite
from bench.suites.yaml_marks import Marks, load_with_marks
from tests.material.hostile import PLAIN, VALUES, written

FILE = "name: mine\ngrid: &g {seed: [0], method: [a]}\ninclude: [*g]\ntrain: {steps: 5}\n"


def after(*texts: str) -> tuple[dict[str, Any], Marks]:
    contents, marks = load_with_marks(FILE, "x.yaml")
    for text in texts:
        override(contents, marks, text)
    return contents, marks


def test_an_override_of_what_an_alias_repeats_changes_one_of_them() -> None:
    contents, _ = after("grid.seed=[7]")
    assert contents["grid"]["seed"] == [7]
    assert contents["include"][0]["seed"] == [0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image_size=.inf", "--set image_size: image_size: must be a finite number (not inf)"),
        ("grid.seed=[0, 010]", "--set grid.seed: grid.seed.1: '010' is 8 in YAML 1.1 and 10 in 1.2"),
        ("train={steps: 1, steps: 2}", "--set train: train.steps: stands twice"),
        ("train.steps=!!binary aGk=", "--set train.steps: train.steps: !!binary can't stand in a suite"),
    ],
)
def test_a_value_that_no_suite_can_hold_is_told_beside_all_else(text: str, said: str) -> None:
    _, marks = after(text)
    (problem,) = marks.problems
    assert problem.startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train.steps=3\nname: other", "holds more than one value"),
        ("train.steps=&a [*a]", "can't hold itself"),
        ("train.steps=" + "[" * 10_000, "more than 32 levels"),
        ("train.steps=3\n---\n4", "the value is no YAML"),
        ("train.steps=\udcff", "the value is no YAML"),
        ("a." * 1000 + "b=3", "no key of a suite"),
        ("a\x1b[2J=3", "no key of a suite"),
        ("name.x=3", "name holds no keys"),
        ("x" * 5000, "write KEY=VALUE"),
    ],
)
def test_a_text_that_is_no_override_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(BenchError) as refused:
        after(text)
    assert str(refused.value).startswith("--set ")
    assert said in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


KEYS = st.sampled_from([".".join(path) for path in PLAIN]) | st.text(max_size=8)
WORDS = st.sampled_from(VALUES) | st.text(max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=KEYS, value=WORDS)
def test_any_text_for_any_key_is_taken_or_refused(tmp_path: Path, key: str, value: str) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(written(PLAIN), encoding="utf-8")
    for line in refusal(path, f"{key}={value}"):
        assert line.startswith("--set ") or line == "more than 100 mistakes: mend these first"
        assert line.isprintable()
        assert len(line) < 700


def refusal(path: Path, text: str) -> list[str]:
    """Return the lines in which a suite with an override is refused; none where it is taken."""
    try:
        read_suite(path, [text])
    except BenchError as error:
        return str(error).split("\n")
    return []
