"""Options that several verbs share."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bench.suites.paths import fault_of_path
from bench.suites.wording import one_line, quoted

Command = TypeVar("Command", bound=Callable[..., Any])
LONGEST = 10_000
"""Characters of a filter."""


class WholeNumber(click.ParamType):  # type: ignore[type-arg]
    """A whole number in digits, between two others."""

    name = "integer"

    def __init__(self, low: int, high: int, wrong: str = "") -> None:
        self._low, self._high = low, high
        self._wrong = wrong or f"no whole number from {low} to {high:,}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """Return the number."""
        text = str(value).strip()
        # ASCII digits, and no more than any number needs: Python refuses to read thousands
        is_number = text.isascii() and text.removeprefix("+").isdigit() and len(text) < 20
        if not is_number or not self._low <= int(text) <= self._high:
            self.fail(f"{quoted(str(value))} is {self._wrong}", param, ctx)
        return int(text)


class Line(click.ParamType):  # type: ignore[type-arg]
    """Text of one line without control characters, which messages can show as it is."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text."""
        text = str(value)
        if one_line(text, LONGEST) != text:
            self.fail(
                f"{quoted(text)} is no text of one line; write printable characters, {LONGEST:,} at most", param, ctx
            )
        return text


class Device(click.ParamType):  # type: ignore[type-arg]
    """The name of a device; whether it is there is asked later."""

    name = "device"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        if not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]{1,4})?", str(value)):
            self.fail(f"{quoted(str(value))} is no device; write auto, cpu, mps, cuda or cuda:1", param, ctx)
        return str(value)


class Folder(click.Path):
    """A path that could be opened; an empty one, which a shell's unset variable leaves, would be the folder here."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        fault = fault_of_path(str(value)) if str(value) else "is empty; give a path, or leave the option out"
        if fault is not None:
            self.fail(fault, param, ctx)
        return super().convert(value, param, ctx)


AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
RUNS = click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=Folder(path_type=Path))
FILTERS = click.option(
    "--filter",
    "filters",
    multiple=True,
    type=Line(),
    metavar="KEY=GLOB[,GLOB]",
    help="Only records that fit, as in --filter backbone='*resnet*'; all filters must hold.",
)
OUT = click.option("--out", type=Folder(path_type=Path, file_okay=False), help="A folder to write to.")


def together(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Return a decorator that adds some options in the order in which they are named."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate
