"""Sections of a report that a user might write."""

from bench.answers.summary import Summary
from bench.contracts.reports import Captioned, Section


def machines(summary: Summary) -> Section:
    """A table, a sentence, and signs that mean something to Markdown and to HTML."""
    table = (["backbone <b>", "cells"], [["test_resnet | <i>", str(len(summary.records))]])
    return Section(
        title="Whose cells are these?",
        explanation="Counted in *no* time.",
        tables=(Captioned("By backbone", table),),
        lines=(f"{len(summary.rows)} rows in <all>.",),
    )


def nothing(summary: Summary) -> Section:
    """What has neither table nor sentence, whatever the run."""
    return Section(title="Nothing at all", explanation="That nobody should read.")


def raises(summary: Summary) -> Section:
    """What gives no section."""
    raise ZeroDivisionError(summary.suite)


def no_section(summary: Summary) -> str:
    """What gives a text."""
    return summary.suite
