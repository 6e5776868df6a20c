"""Options whose values are names of the catalogue, of plug-ins, or a user's own: `--format` above all."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from bench.commands.options import Command
from bench.errors import BenchError
from bench.registry import Registry, unknown


class Format(click.ParamType):  # type: ignore[type-arg]
    """A format of reports or of tables.

    The names are looked up when they are needed: plug-ins may add some, and finding those reads the metadata of all
    packages that are installed.
    """

    name = "format"

    def __init__(self, *kinds: Callable[[], Iterable[str]]) -> None:
        self._kinds = kinds

    def _names(self) -> list[str]:
        return sorted({name for kind in self._kinds for name in kind()})

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the names that there are."""
        return "|".join(self._names())

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; an unknown one is refused with the nearest, `package.module:object` is taken."""
        if value not in self._names() and ":" not in value:
            self.fail(unknown("format", value, self._names()), param, ctx)
        return str(value)


class Named(click.ParamType):  # type: ignore[type-arg]
    """A name of one kind, `package.module:object` included: what it stands for is looked at before anything runs."""

    def __init__(self, registry: Registry) -> None:
        self.name = registry.kind.removesuffix("s")
        self._registry = registry

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the names that there are, in the order of the catalogue."""
        names = sorted(self._registry.names(), key=self._registry.position)
        return f"[{'|'.join(names)}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; an unknown one is refused with the nearest."""
        try:
            self._registry.verify(str(value))
        except BenchError as error:
            self.fail(str(error), param, ctx)
        return str(value)


def format_option(*kinds: Callable[[], Iterable[str]]) -> Callable[[Command], Command]:
    """Return the option, for formats of some kinds."""
    return click.option("--format", "format_", type=Format(*kinds), default="console", show_default=True)
