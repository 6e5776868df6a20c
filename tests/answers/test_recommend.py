"""One answer with its evidence, or a plain no."""

import dataclasses
from collections.abc import Sequence

import pytest

from bench.answers.differences import Right
from bench.answers.recommend import Answer, Wanted, best_by_budget
from bench.answers.recommend import recommend as recommended
from bench.answers.rows.rows import Row
from bench.answers.verdicts import Verdicts
from bench.errors import BenchError
from bench.reports.tables.answer import render_answer
from tests.material.rivals import measured, right


def recommend(rows: Sequence[Row], wanted: Wanted, right: Right) -> Answer:
    return recommended(rows, wanted, Verdicts(rows, right))


def test_best_comes_with_its_ties_and_the_runner_up() -> None:
    """Two that the data can't tell apart; the others are worse."""
    answer = recommend(measured(), Wanted(500), right)
    assert answer.best is not None
    assert answer.best.method == "finetune"
    assert [verdict.first.method for verdict in answer.others] == ["lp_ft", "linear_probe", "knn"]
    assert [verdict.first.method for verdict in answer.ties] == ["lp_ft"]
    text = render_answer(answer)
    assert text.startswith("test_resnet: finetune (supervised@glyphs)")
    assert "Runner-up: test_resnet lp_ft" in text
    assert "The data can't tell it from:" in text


@pytest.mark.parametrize(("labels", "read"), [(50, 50), (499, 50), (500, 500), (10_000, 500)])
def test_labels_between_budgets_are_read_off_the_one_below(labels: int, read: int) -> None:
    """And it says so."""
    answer = recommend(measured(), Wanted(labels), right)
    assert answer.labels == read
    assert ("were not measured" in render_answer(answer)) == (labels != read)


@pytest.mark.parametrize(
    ("limits", "method"),
    [
        ({"min_throughput": 200.0}, "linear_probe"),
        ({"max_memory_mib": 550.0}, "knn"),
        ({"max_latency_ms": 8.5}, "linear_probe"),
        ({"min_throughput": 95.0}, "finetune"),
    ],
    ids=str,
)
def test_limits_leave_the_best_that_keeps_to_them(limits: dict[str, float], method: str) -> None:
    """What was not measured keeps to no limit: the nearest neighbours have no latency here."""
    answer = recommend(measured(), Wanted(500, **limits), right)
    assert answer.best is not None
    assert answer.best.method == method


def test_memory_on_a_gpu_is_the_gpus() -> None:
    """Not that of the process beside it."""
    rows = measured(device="cuda", peak_cuda_allocated_mib=90.0)
    answer = recommend(rows, Wanted(500, max_memory_mib=100.0, device="cuda"), right)
    assert answer.best is not None
    elsewhere = render_answer(recommend(rows, Wanted(500, device="cpu"), right))
    assert elsewhere.startswith("No: nothing measured at 500 labels keeps to the limits.")
    assert "but it was measured on cuda, nothing on cpu" in elsewhere


def test_several_data_sets_are_refused() -> None:
    """None is guessed."""
    two = (*measured(), *measured(dataset="cifar10"))
    with pytest.raises(BenchError, match="several data sets: cifar10, digits; choose one with --dataset"):
        recommend(two, Wanted(500), right)
    assert recommend(two, Wanted(500, dataset="digits"), right).best is not None


def test_each_budget_of_each_data_set_has_its_best_row() -> None:
    rows = (*measured(), *measured(dataset="cifar10"))
    found = best_by_budget(rows, Verdicts(rows, lambda _: None))
    best = [(each.best.dataset, each.labels, each.best.method) for each in found if each.best]
    assert best == [(name, labels, "finetune") for name in ("cifar10", "digits") for labels in (50, 500)]
    assert [len(each.others) for each in found] == [3] * 4


def test_answers_side_by_side_are_those_of_one_alone() -> None:
    """Each budget is a question of its own: a card says what `bench recommend` does."""
    rows = measured()
    answers = Verdicts(rows, right)
    alone = recommended(rows, Wanted(500), answers)
    beside = best_by_budget(rows, answers)[-1]
    assert alone.others == beside.others
    assert {each.among for each in alone.others} == {6}


def test_only_what_is_worse_is_no_rival() -> None:
    """The best has the highest mean of all its seeds; on those that both have another may be ahead of it."""
    answer = recommend(measured(), Wanted(500), right)
    ahead = dataclasses.replace(answer.others[-1], difference=None, p=None)
    assert dataclasses.replace(answer, others=(*answer.others[:-1], ahead)).ties[-1] is ahead
    other = answer.others[-1]
    assert other.difference is not None
    better = dataclasses.replace(other, difference=dataclasses.replace(other.difference, mean=0.3))
    assert better.word == "better"
    assert dataclasses.replace(answer, others=(better,)).ties == (better,)
