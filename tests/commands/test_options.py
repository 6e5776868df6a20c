"""Options that several verbs share."""

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from bench.commands.options import AS_JSON, FILTERS, OUT, RUNS, Device, Folder, Line, WholeNumber, together


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


NUMBER = WholeNumber(20, 1000)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (NUMBER, "20", 20),
        (NUMBER, " +1000 ", 1000),
        (NUMBER, 60, 60),
        (Line(), "method=é*", "method=é*"),
        (Device(), "cuda:1", "cuda:1"),
        (Folder(path_type=Path), "a/ b", Path("a/ b")),
    ],
)
def test_what_is_meant_is_taken(kind: click.ParamType, text: str, value: object) -> None:
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *[(NUMBER, text) for text in ("19", "1001", "-20", "2e1", "²", "٢٢", "0x20", "", "9" * 5000, "20\0", "nan")],
        *[(Line(), text) for text in ("a=\x1b[2J", "a=\n", "a=\0", "a=\udcff", "a" * 20_000)],
        *[(Device(), text) for text in ("gpu", "cuda:", "cuda:٣", "cuda:99999", "cpu\n", "cpu]", "", "c" * 5000)],
        *[(Folder(), text) for text in ("", "a\0b", "a\nb", "x" * 300, "a/" * 3000)],
    ],
)
def test_what_is_not_is_refused_in_one_short_line(kind: click.ParamType, text: str) -> None:
    """Without a control character."""
    with pytest.raises(click.BadParameter) as refused:
        kind.convert(text, None, None)
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 250
