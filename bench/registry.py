"""A table of names that stand for objects in modules; a module is imported when its object is asked for."""

import difflib
import fnmatch
import importlib
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any

from bench.errors import BenchError, Unavailable

EXTRAS: Mapping[str, str] = {"peft": "peft"}
"""The extras of the package that entries need, each with the module that it brings."""


@dataclass(frozen=True)
class Entry:
    """One line of a catalogue."""

    target: str
    """Where the object is: `package.module:object`."""
    description: str
    params: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that this entry fixes."""
    license: str | None = None
    """Licence of the data, where known."""
    extra: str | None = None
    """The extra of the package that it needs: without it the entry is listed and checked, but not run."""
    optional: bool = False
    """Of a probe: whether it measures only where a suite asks for it."""
    suffix: str | None = None
    """Of a report: the suffix of its file; null: the name of the format."""

    @property
    def lacks(self) -> str | None:
        """The extra that it needs and that is not installed here; null where it lacks none."""
        # found, not imported: listing and checking names load no library
        if self.extra is None or importlib.util.find_spec(EXTRAS[self.extra]) is not None:
            return None
        return self.extra

    def load(self) -> Any:
        """Import and return the object; raise `BenchError` where that fails."""
        module, _, name = self.target.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise BenchError(f"{self.target}: can't be imported ({error}); install it or correct the name") from error


def require(extra: str, what: str) -> Any:
    """Import and return the module that an extra brings; raise `Unavailable` with what to install."""
    try:
        return importlib.import_module(EXTRAS[extra])
    except ImportError as error:
        raise Unavailable(f"{need(extra, what)} ({error})") from error


def need(extra: str, what: str) -> str:
    """Return the message for something that needs an extra which is missing."""
    return f"{what}: needs the extra {extra}; install it: pip install 'transferbench[{extra}]'"


class Registry:
    """The names of one kind of extension.

    A name with a colon, `package.module:object`, is a user's own extension and needs no entry. Other packages can add
    names through the entry-point group `bench.<kind>`, but replace none.
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
        """Return a name's place in the catalogue, counted from 0; names that are not in it come after all others."""
        order = list(self._entries)
        return order.index(name) if name in self._entries else len(order)

    def entry(self, name: str) -> Entry:
        """Return a name's entry. Raises `BenchError`, which tells the nearest names, where there is none."""
        if name in self._entries:
            return self._entries[name]
        if ":" in name:
            return Entry(name, "the user's own")
        plugins = self._plugins()
        if name in plugins:
            return plugins[name]
        raise BenchError(unknown(self.kind.removesuffix("s"), name, [*self._entries, *plugins]))

    def require(self, name: str) -> None:
        """Import the module of the extra that a name needs, if any; raise `Unavailable` where it is not installed."""
        extra = self.entry(name).extra
        if extra is not None:
            require(extra, name)

    def _plugins(self) -> dict[str, Entry]:
        return {point.name: Entry(point.value, "plug-in") for point in entry_points(group=f"bench.{self.kind}")}


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the message for an unknown name, with the nearest known ones."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known[:12])}"
    return f"unknown {kind} {name!r}; {hint}"
