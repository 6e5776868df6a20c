"""Names of files and classes: how they are shown, and when two of them are one."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import InvalidData

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LIKE_AN_ESCAPE = re.compile(r"\\x[0-9a-f]{2}")
_BLANKS = "\\s\ufeff\u200b\u2060"
_AROUND = re.compile(f"^[{_BLANKS}]+|[{_BLANKS}]+$")
SHOWN = 3
"""Names that a note shows of many."""


def printable(name: str) -> str:
    r"""Return a name that any text file can hold: bytes that are no UTF-8, and control characters, as `\xNN`.

    Two names never become one.
    """
    if not _UNPRINTABLE.search(name) and not _LIKE_AN_ESCAPE.search(name):
        return name
    return _UNPRINTABLE.sub(_escaped, name.replace("\\", "\\\\"))


def _escaped(found: re.Match[str]) -> str:
    # of a byte that is no UTF-8 Python makes one of these 128 surrogates
    errors = "surrogateescape" if "\udc80" <= found[0] <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{byte:02x}" for byte in found[0].encode("utf-8", errors))


def shown(path: Path) -> str:
    """Return a path as messages show it."""
    return printable(str(path))


def trimmed(text: str) -> str:
    """Return a text without the blanks around it, those without a width included."""
    return _AROUND.sub("", text)


def listed(names: Sequence[str], count: int = SHOWN) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more


@dataclass(frozen=True)
class Joined:
    """Spellings, each with the name that it is taken as."""

    names: Mapping[str, str]
    notes: tuple[str, ...]
    """What was joined, and what was kept apart though it looks alike."""


def join_spellings(where: str, what: str, spellings: Iterable[str], case_apart: bool = False) -> Joined:
    """Join what differs by blanks around it or by the encoding of its accents alone.

    Raise `InvalidData` where a name is blank, or where two differ by case alone; with `case_apart` they are kept apart,
    with a note, and so are single letters, which may well be the classes.
    """
    kinds: dict[str, list[str]] = {}
    for spelling in sorted(set(spellings)):
        kinds.setdefault(unicodedata.normalize("NFC", trimmed(spelling)), []).append(spelling)
    if "" in kinds:
        raise InvalidData(f"{where}: {what} {kinds[''][0]!r} has a blank name; give it one")
    # a lone spelling is taken as it is written: normalised it might stand elsewhere in the order of the classes
    chosen = {key: printable(key if len(alike) > 1 else trimmed(alike[0])) for key, alike in kinds.items()}
    joined = [f"{', '.join(map(repr, alike))} as {chosen[key]!r}" for key, alike in kinds.items() if len(alike) > 1]
    notes = [f"{what} that differ by blanks or by the encoding of accents alone: {listed(joined)}"] if joined else []
    names = {spelling: chosen[key] for key, alike in kinds.items() for spelling in alike}
    return Joined(names, (*notes, *_alike_but_for_case(where, what, kinds, case_apart)))


def _alike_but_for_case(where: str, what: str, names: Iterable[str], apart: bool) -> list[str]:
    folded: dict[str, list[str]] = {}
    for name in names:
        folded.setdefault(name.casefold(), []).append(name)
    kept = []
    for alike in folded.values():
        said = " and ".join(repr(printable(name)) for name in alike)
        if len(alike) > 1 and not apart and any(len(name) > 1 for name in alike):
            raise InvalidData(f"{where}: {what} {said} differ by case alone; give both the same name, or other ones")
        if len(alike) > 1:
            kept.append(said)
    return [f"{what} that differ by case alone are kept apart: {listed(kept)}"] if kept else []
