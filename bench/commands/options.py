"""Options that several verbs share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
RUNS = click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
FILTERS = click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="KEY=GLOB[,GLOB]",
    help="Only records that fit, as in --filter backbone='*resnet*'; all filters must hold.",
)
OUT = click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="A folder to write to.")


def together(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Return a decorator that adds some options in the order in which they are named."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate
