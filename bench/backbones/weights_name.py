"""The names of weights that this project trains itself: `<objective>@<source>`, more sources after a plus."""

from dataclasses import dataclass

from bench.errors import BenchError

FOLDER = "image_folder"
HOW = "write <objective>@<data set>, as in simclr@glyphs+digits or simclr@image_folder:path/to/folder"


@dataclass(frozen=True)
class Source:
    """Where images to pre-train on come from."""

    dataset: str
    """A catalogue name, or the user's own `package.module:Class`."""
    folder: str | None = None
    """Of `image_folder`: where it lies, which may begin with `~` or be relative; null: it is `DATA_DIR`."""


@dataclass(frozen=True)
class OwnWeights:
    """What a name of this project's own weights says."""

    objective: str
    sources: tuple[Source, ...]


def parse_own(name: str) -> OwnWeights:
    """Read `<objective>@<source>[+<source>...]`; raise `BenchError` where it is no such name.

    A source is a data set or `image_folder:<path>`. A path is taken as it stands, blanks included. Only a plus in it is
    written twice, since one plus parts the sources.
    """
    objective, _, written = name.partition("@")
    if "\0" in written:  # no path holds one: below it stands for two pluses
        raise BenchError(f"weights {name!r}: holds a null character; {HOW}")
    parts = [part.replace("\0", "+") for part in written.replace("++", "\0").split("+")]
    if not objective or not all(parts):
        raise BenchError(f"weights {name!r}: {_lacking(objective, written)}; {HOW}, a plus in a path written twice")
    sources = tuple(_source(name, part) for part in parts)
    twice = next((part for part in parts if parts.count(part) > 1), None)
    if twice is not None:
        raise BenchError(f"weights {name!r}: source {twice} stands twice; write it once")
    return OwnWeights(objective, sources)


def _lacking(objective: str, written: str) -> str:
    if not written:
        return "no source"
    return "an empty source" if objective else "no objective"


def _source(name: str, part: str) -> Source:
    dataset, colon, folder = part.partition(":")
    if dataset != FOLDER or not colon:
        return Source(part)
    if not folder:
        raise BenchError(f"weights {name!r}: {FOLDER}: names no folder; {HOW}")
    return Source(FOLDER, folder)
