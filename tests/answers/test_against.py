"""What is better than what: every row against the best of its budget, and fine-tuned against frozen."""

import dataclasses

from bench.answers.against import against_best, against_frozen
from bench.answers.verdicts import verdicts
from tests.material import compared
from tests.material.summaries import a_summary


def test_every_row_but_the_best_is_held_against_the_best_of_its_budget() -> None:
    summary = compared.a_summary()
    (block,) = summary.blocks
    (verdicts,) = summary.ask(against_best)
    best = {
        budget: max((row for row in block.ordered if row.n_labels == budget), key=lambda row: row.accuracy.mean)
        for budget in compared.BUDGETS
    }
    assert [row.method for row in best.values()] == ["linear_probe", "linear_probe", "finetune", "finetune"]
    assert all(verdict.second is best[verdict.first.n_labels] for verdict in verdicts)
    held = [id(verdict.first) for verdict in verdicts]
    assert sorted([*held, *map(id, best.values())]) == sorted(map(id, block.ordered))


def test_there_are_verdicts_for_each_table() -> None:
    summary = compared.a_summary(("digits", "glyphs"))
    found = summary.ask(against_best)
    assert [{verdict.first.dataset for verdict in verdicts} for verdicts in found] == [{"digits"}, {"glyphs"}]


def test_fine_tuned_is_first_and_frozen_second() -> None:
    """Behind with ten labels, ahead with a thousand."""
    verdicts = compared.a_summary().ask(against_frozen)
    assert {(each.first.method, each.second.method) for each in verdicts} == {("finetune", "linear_probe")}
    assert [each.first.n_labels for each in verdicts] == list(compared.BUDGETS)
    assert [verdicts[place].word for place in (0, -1)] == ["worse", "better"]


def test_verdicts_are_those_of_the_one_source() -> None:
    """Three methods at a budget are three comparisons, for both tables."""
    summary = compared.a_summary()
    told = (*summary.ask(against_frozen), *(each for mine in summary.ask(against_best) for each in mine))
    assert {each.among for each in told} == {3}
    assert all(each == summary.ask(verdicts).of(each.first, each.second) for each in told)


def test_without_predictions_nothing_is_tested() -> None:
    summary = dataclasses.replace(a_summary(), right=lambda cell_id: None)
    assert {each.word for each in summary.ask(against_frozen)} == {"not tested"}
    assert {each.word for verdicts in summary.ask(against_best) for each in verdicts} == {"not tested"}
