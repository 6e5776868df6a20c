"""A command of `bench`, run in this process: what tests of the command line share."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from bench.cli import cli

QUICK = ("--limit", "60", "--executor", "inline", "--device", "cpu")
PROBE = ("--filter", "method=linear_probe", "--filter", "labels_per_class=2")


@dataclass(frozen=True)
class Answer:
    """What a command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


Command = Callable[..., Answer]


def assert_parses(command: str) -> None:
    """Hold a `bench ...` line against the verbs and options that there are; nothing is run."""
    words = shlex.split(command, comments=True)[1:]
    found: click.Command | None = cli
    context = click.Context(cli, info_name="bench")
    while isinstance(found, click.Group):
        verb, found, words = found.resolve_command(context, words)
        if "--help" in words or "-h" in words:
            return
        assert found is not None
        context = found.make_context(str(verb), list(words), parent=context)
