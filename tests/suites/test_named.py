"""Names of a suite: those that nobody knows, and those that can't be any."""

from typing import Any

import pytest

from bench.suites import named
from bench.suites.named import name_problems
from bench.suites.yaml_marks import load_with_marks


def problems(text: str) -> list[str]:
    contents, marks = load_with_marks(text, "x.yaml")
    return list(name_problems(contents, marks))


@pytest.mark.parametrize(
    ("axis", "said"),
    [
        ("weights: [~no-such-user/x.pth]", "no user is called 'no-such-user' here"),
        ("weights: ['simclr@image_folder:~no-such-user/x']", "no user is called 'no-such-user' here"),
        (f"weights: ['{'x' * 300}.pth']", "is too long for a path"),
        (f"weights: ['simclr@image_folder:{'x' * 300}']", "is too long for a path"),
        (f"backbone: ['{'x' * 5000}']", "is no name; write one of one line"),
        (f"weights: ['{'x' * 500}']", "unknown weights 'xxx"),
        ('backbone: ["a\\nb"]', "is no name; write one of one line"),
        ('method: [{name: "a\\tb"}]', "is no name"),
        ("method: [{name: partial_finetune, stages: true}]", "stages: must be a number (not true)"),
        ("method: [{name: finetune, steps: true}]", "steps: must be a number (not true)"),
    ],
)
def test_a_name_that_can_not_be_is_told_in_a_readable_line(axis: str, said: str) -> None:
    (problem,) = problems(f"grid:\n  {axis}\n")
    assert problem.startswith(f"x.yaml:2:{6 + axis.index(':')}: grid.{axis.partition(':')[0]}: ")
    assert said in problem
    assert len(problem) < 600


def test_a_name_is_looked_up_once_and_told_at_each_place(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setitem(named._CHECKS, "backbone", asked.append)
    assert problems(f"grid: {{backbone: [{', '.join(['a'] * 100)}]}}") == []
    assert asked == ["a"]


def test_what_yaml_has_refused_already_is_not_looked_up() -> None:
    assert (
        problems("grid: {backbone: [.inf], method: [{name: linear_probe, l2: [.nan]}], weights: !!binary aGk=}") == []
    )
