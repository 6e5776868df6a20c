"""Options that several verbs share."""

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from bench.commands.options import AS_JSON, FILTERS, OUT, RUNS, together


@click.command()
@together(RUNS, FILTERS, OUT, AS_JSON)
def command(**given: Any) -> None:
    """Print what came of the options."""
    click.echo(repr(sorted(given.items())))


def test_they_reach_the_command_by_the_names_that_verbs_give_them() -> None:
    """Paths as paths; what may be repeated as a tuple."""
    said = CliRunner().invoke(command, ["a", "b", "--filter", "method=x", "--filter", "seed=0", "--out", "there"])
    there = [
        ("as_json", False),
        ("filters", ("method=x", "seed=0")),
        ("out", Path("there")),
        ("runs", (Path("a"), Path("b"))),
    ]
    assert said.output == f"{there!r}\n"


def test_they_stand_in_the_help_in_the_order_in_which_they_were_named() -> None:
    """The first one first."""
    assert [each.name for each in command.params] == ["runs", "filters", "out", "as_json"]


@pytest.mark.parametrize("arguments", [[], ["a", "--out", __file__]], ids=["no run", "a file for a folder"])
def test_what_can_not_be_meant_is_refused(arguments: list[str]) -> None:
    """Before anything is read."""
    assert CliRunner().invoke(command, arguments).exit_code == 2
