"""A table of names that stand for objects in modules; a module is imported when its object is asked for."""

import difflib
import fnmatch
import importlib
import importlib.util
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.errors import BenchError, Unavailable
from bench.modules import guarded, is_library, load, plug_ins, tell

EXTRAS: Mapping[str, str] = {"peft": "peft"}
"""The extras of the package that entries need, each with the module that it brings."""
NAME = r"[A-Za-z0-9][\w.-]*"
"""What a plug-in may be called: names stand in suites, records and names of files."""
Fault = Callable[[Any, Callable[[], bool]], str | None]
"""Returns why an object is no extension of its kind, null where it is one; it is told whether a library has made it."""


def no_fault(found: Any, is_library: Callable[[], bool]) -> None:
    """Find no fault: of a kind of which nothing is asked."""


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
    fault: Fault | None = None
    """Of what is not the project's own: why an object is none of this kind. Null: it stands in the catalogue."""
    here_too: bool = False
    """Whether it may come from the working folder."""

    @property
    def lacks(self) -> str | None:
        """The extra that it needs and that is not installed here; null where it lacks none."""
        # found, not imported: listing and checking names load no library
        if self.extra is None or importlib.util.find_spec(EXTRAS[self.extra]) is not None:
            return None
        return self.extra

    def load(self) -> Any:
        """Import and return the object; raise `BenchError` where that fails, or where it is none of its kind."""
        if self.fault is not None:
            fault = self.fault
            return load(self.target, lambda found: fault(found, lambda: is_library(self.target)), self.here_too)
        module, _, name = self.target.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise BenchError(f"{self.target}: can't be imported ({error}); install it or correct the name") from error

    def verify(self) -> None:
        """Load what is not the project's own, so that a fault of it is told before anything runs."""
        if self.fault is not None:
            self.load()

    def call(self, *arguments: Any) -> Any:
        """Call the object outside a cell; raise `BenchError` with one line, whatever a user's own raises."""
        found = self.load()
        return found(*arguments) if self.fault is None else guarded(self.target, lambda: found(*arguments))


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

    def __init__(self, kind: str, entries: Iterable[tuple[str, Entry]], fault: Fault = no_fault) -> None:
        self.kind = kind
        self._fault = fault
        self._entries: dict[str, Entry] = {}
        for name, entry in entries:
            if name in self._entries:
                raise ValueError(f"{kind} {name!r} stands twice in the catalogue")
            self._entries[name] = entry

    @property
    def group(self) -> str:
        """The entry-point group of other packages' names; a group's name has no blank."""
        return f"bench.{self.kind.replace(' ', '_')}"

    def names(self, pattern: str = "*") -> list[str]:
        """Return the names that match a glob, sorted."""
        return sorted(fnmatch.filter([*self._entries, *self._plug_ins()], pattern))

    def position(self, name: str) -> int:
        """Return a name's place in the catalogue, counted from 0; names that are not in it come after all others."""
        order = list(self._entries)
        return order.index(name) if name in self._entries else len(order)

    def entry(self, name: str) -> Entry:
        """Return a name's entry. Raises `BenchError`, which tells the nearest names, where there is none."""
        if name in self._entries:
            return self._entries[name]
        if ":" in name:
            return Entry(name, "the user's own", optional=True, fault=self._fault, here_too=True)
        found = self._plug_ins()
        if name in found:
            return found[name]
        if len(offers := self._offers().get(name, {})) > 1:
            raise BenchError(f"plug-in {name!r} of {self.kind}: {_twice(offers)}")
        raise BenchError(unknown(self.kind.removesuffix("s"), name, [*self._entries, *found]))

    def verify(self, name: str) -> None:
        """Refuse an unknown name, and an object of somebody else's that is none of this kind."""
        self.entry(name).verify()

    def working(self) -> dict[str, Entry]:
        """Return all entries in the order of the catalogue, plug-ins behind it; a broken one is told and left out."""
        found = dict(self._entries)
        for name, entry in sorted(self._plug_ins().items()):
            try:
                entry.verify()
                found[name] = entry
            except BenchError as error:
                tell(f"plug-in {name!r} of {self.kind} is left out: {error}")
        return found

    def require(self, name: str) -> None:
        """Import the module of the extra that a name needs, if any; raise `Unavailable` where it is not installed."""
        extra = self.entry(name).extra
        if extra is not None:
            require(extra, name)

    def _plug_ins(self) -> dict[str, Entry]:
        """Return what installed packages add; a name that is taken, is none, or is offered twice is told of."""
        found = {}
        for name, offers in self._offers().items():
            why = self._fault_of_name(name) or (_twice(offers) if len(offers) > 1 else None)
            for target, package in offers.items():
                found[name] = Entry(target, f"plug-in of {package}", optional=True, fault=self._fault)
            if why is not None:
                del found[name]
                tell(f"plug-in {name!r} of {', '.join(sorted(offers.values()))} is left out of {self.kind}: {why}")
        return found

    def _offers(self) -> dict[str, dict[str, str]]:
        """Return each plug-in's name with its targets, of which there should be one, and the package of each."""
        offers: dict[str, dict[str, str]] = {}
        for each in plug_ins(self.group):
            offers.setdefault(each.name, {})[each.target] = each.package
        return offers

    def _fault_of_name(self, name: str) -> str | None:
        if name in self._entries:
            return "the project has one of that name; its author must choose another"
        return None if re.fullmatch(NAME, name) else "a name is made of letters, digits, dots, dashes and underscores"


def _twice(offers: Mapping[str, str]) -> str:
    named = " and ".join(sorted(f"{target} of {package}" for target, package in offers.items()))
    return f"{named} have one name; uninstall one"


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the message for an unknown name, with the nearest known ones."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known[:12])}"
    return f"unknown {kind} {name!r}; {hint}"
