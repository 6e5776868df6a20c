"""A tuning space whose values can't be is told with its place."""

import pytest

from bench.suites.tune_space import tune_problems
from bench.suites.yaml_marks import load_with_marks


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ("{all: {learning_rat: [1]}}", "learning_rate"),
        ("{nobody: {l2: [1]}}", "unknown method 'nobody'"),
        ("{linear_probe: {l3: [1]}}", "unknown parameter 'l3'"),
        ("{all: {learning_rate: [0]}}", "learning_rate: must be more than 0"),
        ("{all: {batch_size: {low: 16, high: 64}}}", "numbers with decimals are drawn: list the values to try"),
        ("{partial_finetune: {stages: [true]}}", "stages: must be a number (not true)"),
        ("{all: {steps: [true]}}", "steps: must be a number (not true)"),
        ("{" + "n" * 500 + ": {l2: [1]}}", "unknown method 'nnn"),
    ],
)
def test_a_value_that_can_not_be_is_told(space: str, said: str) -> None:
    contents, marks = load_with_marks(f"tune:\n  space: {space}\n", "x.yaml")
    (problem,) = tune_problems(contents, marks)
    assert problem.startswith("x.yaml:2:")
    assert said in problem
    assert len(problem) < 400


@pytest.mark.parametrize(
    "space", ["{all: {learning_rate: {low: 1e-4, high: 1e-2}}}", "{}", "5", "{all: 5}", "{all: []}"]
)
def test_what_can_be_tried_and_what_the_grammar_refuses_pass(space: str) -> None:
    contents, marks = load_with_marks(f"tune: {{space: {space}}}\n", "x.yaml")
    assert list(tune_problems(contents, marks)) == []


@pytest.mark.parametrize(
    ("tune", "said"),
    [
        ("{trials: 1, space: {all: {learning_rate: [1]}}}", "one is no choice; write 2 or more, or 0 to try nothing"),
        ("{trials: 4}", "tune.space is missing"),
        ("{trials: 4, space: {}}", "tune.space is missing"),
        ("{trials: 0}", None),
    ],
)
def test_a_number_of_trials_goes_with_what_is_tried(tune: str, said: str | None) -> None:
    contents, marks = load_with_marks(f"tune: {tune}\n", "x.yaml")
    problems = list(tune_problems(contents, marks))
    assert [said in problem for problem in problems if said] == ([True] if said else [])
    assert len(problems) == (said is not None)
