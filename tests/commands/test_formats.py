"""`--format`: the names that there are, a near one for a slip, and a user's own."""

import click
import pytest

from bench.commands.formats import Format, format_option


@click.command()
@format_option(lambda: ["console", "md"], lambda: ["csv", "md"])
def command(format_: str) -> None:
    """Take a format."""


def refused(value: str) -> str:
    """Return why a format is refused."""
    with pytest.raises(click.BadParameter) as said:
        Format(lambda: ["console", "csv"]).convert(value, None, None)
    return said.value.message


def test_names_of_all_kinds_are_told_once_and_sorted() -> None:
    """In the help, where a user looks for them."""
    assert "console|csv|md" in command.get_help(click.Context(command))


def test_unknown_one_is_refused_with_the_nearest() -> None:
    """And one that is known, or is an object's name, is taken."""
    assert refused("cvs") == "unknown format 'cvs'; did you mean csv?"
    for name in ("csv", "my.reports:write"):
        assert Format(lambda: ["console", "csv"]).convert(name, None, None) == name


def test_names_are_looked_up_when_they_are_needed() -> None:
    """A plug-in that comes later is there."""
    names = ["console"]
    format_ = Format(lambda: names)
    names.append("later")
    assert format_.convert("later", None, None) == "later"
