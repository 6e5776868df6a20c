"""A run as reports see it: the cells of its plan, and each question answered once."""

import dataclasses

from bench.answers.notes import notes
from bench.answers.summary import Summary, summarise
from tests.material.examples import a_record
from tests.material.summaries import summary_of


def test_only_cells_with_a_number_are_averaged() -> None:
    failed = a_record(seed=1, status="failed", accuracy=None, reason="no luck")
    summary = summary_of(a_record(), failed)
    assert [row.accuracy.n for row in summary.rows] == [1]
    assert [record.reason for record in summary.unfinished] == ["no luck"]


def test_cells_of_the_plan_without_a_record_are_counted() -> None:
    summary = summary_of(a_record(), a_record(seed=1), cells=["0", "1", "2", "3", "4"])
    assert summary.missing == 3
    assert summary_of(a_record()).missing == 0


def test_records_outside_the_plan_are_left_out_and_it_is_said() -> None:
    summary = summary_of(a_record(accuracy=0.5), a_record(accuracy=0.9), cells=["0"])
    assert [row.accuracy.mean for row in summary.rows] == [0.5]
    assert summary.ask(notes) == ("1 records of other settings of this suite are left out.",)


def test_no_records_are_an_empty_summary() -> None:
    summary = summarise([], {"suite": "mine", "cells": ["one"]})
    assert (summary.suite, summary.rows, summary.blocks, summary.missing) == ("mine", (), (), 1)


def test_only_environments_of_finished_cells_are_shown() -> None:
    summary = summary_of(a_record(env="here"), environments={"here": {"cores": 2}, "elsewhere": {"cores": 64}})
    assert summary.environments == {"here": {"cores": 2}}


def test_a_question_is_worked_out_once() -> None:
    """Also one whose answer is nothing; each question has an answer of its own."""
    asked: list[str] = []

    def count(summary: Summary) -> int:
        asked.append("count")
        return len(summary.rows)

    def nothing(summary: Summary) -> None:
        asked.append("nothing")

    summary = summary_of(a_record())
    assert [summary.ask(count), summary.ask(nothing), summary.ask(count), summary.ask(nothing)] == [1, None, 1, None]
    assert asked == ["count", "nothing"]


def test_questions_may_ask_one_another() -> None:
    def backbones(summary: Summary) -> set[str]:
        return {row.backbone for row in summary.rows}

    def count(summary: Summary) -> int:
        return len(summary.ask(backbones))

    assert summary_of(a_record(), a_record(backbone="test_vit")).ask(count) == 2


def test_a_changed_summary_knows_no_answer_of_the_old_one() -> None:
    """Else a report of other rows would show the figures of these."""

    def missing(summary: Summary) -> int:
        return summary.missing

    summary = summary_of(a_record())
    assert summary.ask(missing) == 0
    changed = dataclasses.replace(summary, missing=3)
    assert (changed.ask(missing), summary.ask(missing)) == (3, 0)


def test_answers_do_not_tell_summaries_apart() -> None:
    one, other = summary_of(a_record()), summary_of(a_record())
    one.ask(notes)
    assert one == other
