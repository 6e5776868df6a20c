"""A table of names that stand for objects in modules, imported when they are asked for."""

import difflib
import fnmatch
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any

from bench.errors import BenchError


@dataclass(frozen=True)
class Entry:
    """One line of a catalogue."""

    target: str
    """`package.module:object`."""
    description: str
    params: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that this entry fixes."""
    license: str | None = None
    """Licence of the data, where known."""

    def load(self) -> Any:
        """Import and return the object."""
        module, _, name = self.target.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise BenchError(f"{self.target}: can't be imported ({error}); install it or correct the name") from error


class Registry:
    """The names of one kind of extension.

    A name with a colon, `package.module:object`, is taken as it is: a user's own extension. Other packages can
    add names through the entry-point group `bench.<kind>`.
    """

    def __init__(self, kind: str, entries: Iterable[tuple[str, Entry]]) -> None:
        self.kind = kind
        self._entries: dict[str, Entry] = {}
        for name, entry in entries:
            if name in self._entries:
                raise ValueError(f"{kind} {name!r} stands twice in the catalogue")
            self._entries[name] = entry

    def names(self, pattern: str = "*") -> list[str]:
        """Return the names that match a glob, sorted."""
        return sorted(fnmatch.filter([*self._entries, *self._plugins()], pattern))

    def position(self, name: str) -> int:
        """Return where a name stands in the catalogue, from 0; what does not stand there comes after."""
        order = list(self._entries)
        return order.index(name) if name in self._entries else len(order)

    def entry(self, name: str) -> Entry:
        """Return a name's entry; an unknown name is refused with the nearest ones."""
        if name in self._entries:
            return self._entries[name]
        if ":" in name:
            return Entry(name, "the user's own")
        plugins = self._plugins()
        if name in plugins:
            return plugins[name]
        raise BenchError(unknown(self.kind.removesuffix("s"), name, [*self._entries, *plugins]))

    def _plugins(self) -> dict[str, Entry]:
        return {point.name: Entry(point.value, "plug-in") for point in entry_points(group=f"bench.{self.kind}")}


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the message for a name that nobody knows, with the nearest ones that somebody does."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known[:12])}"
    return f"unknown {kind} {name!r}; {hint}"
