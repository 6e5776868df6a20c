"""Reading CSV manifests of image files."""

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.data.csv_records import column_name, read_records
from bench.data.listing import Listing, Part, check_classes
from bench.data.names import Joined, join_spellings, printable, shown, trimmed
from bench.data.parts import PartName, Use, part_of, taken_for, uses_of
from bench.errors import InvalidData

MANIFEST = "manifest.csv"
COLUMNS = ("path", "label", "split", "group")
LIKE = {
    "path": ("file", "filename", "filepath", "image", "imagepath", "img", "imgpath", "imagefile", "imageid", "name"),
    "label": ("class", "classname", "category", "target", "y", "species", "diagnosis"),
    "split": ("set", "subset", "part", "partition", "fold", "phase", "usage", "dataset", "mode"),
    "group": ("patient", "patientid", "subject", "subjectid", "person", "video", "videoid", "scene", "site", "session"),
}
"""Columns that others call what is read here, in small letters and without signs."""


@dataclass(frozen=True)
class ManifestRow:
    """One image of a manifest."""

    line: int
    """Where it begins in the file."""
    path: Path
    label: str
    """As written: `red` and `red ` are joined where all are known."""
    split: PartName | None
    group: str | None
    """As written."""


@dataclass(frozen=True)
class Manifest:
    """A manifest as it was read."""

    rows: tuple[ManifestRow, ...]
    notes: tuple[str, ...]


def manifest_in(root: Path, name: str = MANIFEST) -> Path | None:
    """Return the manifest of a folder, whatever the case of its name; null where there is none, or more than one."""
    if (root / name).is_file():
        return root / name
    alike = [path for path in root.iterdir() if path.name.casefold() == name.casefold() and path.is_file()]
    return alike[0] if len(alike) == 1 else None


def read_manifest(manifest: Path) -> Manifest:
    """Read a CSV with the columns `path,label[,split][,group]`; paths are relative to the manifest.

    Raise `InvalidData` with file and line for whatever can't be read.
    """
    records = read_records(manifest, ("path", "label"))
    columns = _columns(manifest, records.header)
    width = max(position for position, name in enumerate(records.header) if trimmed(name)) + 1
    reading = _Reading(manifest, columns, width)
    rows = tuple(reading.row(line, fields) for line, fields in records.rows)
    if not rows:
        raise InvalidData(f"{shown(manifest)}: no images; add lines of path,label")
    return Manifest(rows, (*records.notes, *_other_columns(manifest, records.header, columns), *reading.notes(rows)))


def _columns(manifest: Path, header: Sequence[str]) -> dict[str, int]:
    """Return where each column that is read stands, whatever its case; raise `InvalidData` where one is missing."""
    found: dict[str, int] = {}
    for position, name in enumerate(column_name(name) for name in header):
        if name in found:
            raise InvalidData(f"{shown(manifest)}:1: two columns {name}; keep one of them")
        if name in COLUMNS:
            found[name] = position
    missing = [name for name in ("path", "label") if name not in found]
    if missing:
        alike = [printable(name) for name in header if _like(name) in missing]
        hint = f" ({', '.join(map(repr, alike))} may be meant: rename it)" if alike else ""
        raise InvalidData(
            f"{shown(manifest)}:1: no column {' and '.join(missing)}{hint}; write path,label[,split][,group]"
        )
    return found


def _like(name: str) -> str | None:
    """Return which column that is read another one's name resembles; null where it is none of them."""
    bare = "".join(letter for letter in name.casefold() if letter.isalnum())
    meant = next((column for column, others in LIKE.items() if bare in others), None)
    close = difflib.get_close_matches(bare, COLUMNS, n=1, cutoff=0.8)
    return meant or (close[0] if close else None)


def _other_columns(manifest: Path, header: Sequence[str], columns: Mapping[str, int]) -> list[str]:
    """Tell of columns that are not read though they look like one that is."""
    return [
        f"column {printable(name)!r} of {manifest.name} is not read; call it {meant} if it is meant so"
        for name in header
        if column_name(name) not in COLUMNS and (meant := _like(name)) is not None and meant not in columns
    ]


class _Reading:
    """Checks the records of one manifest, one after another."""

    def __init__(self, manifest: Path, columns: Mapping[str, int], width: int) -> None:
        self._manifest, self._columns, self._width = manifest, columns, width
        self._seen: dict[str, int] = {}
        self._spellings: dict[PartName, dict[str, int]] = {}

    def row(self, line: int, fields: Sequence[str]) -> ManifestRow:
        """Return a record as a row; raise `InvalidData`."""
        place = f"{shown(self._manifest)}:{line}"
        given = len(fields)
        while given > self._width and not trimmed(fields[given - 1]):  # as spreadsheets leave behind
            given -= 1
        if given != self._width:
            raise InvalidData(
                f"{place}: {given} values for {self._width} columns; write one for each, quoted where it holds a comma"
            )
        values = {name: fields[position] for name, position in self._columns.items()}
        if not trimmed(values["path"]) or not trimmed(values["label"]):
            raise InvalidData(f"{place}: path or label is empty; fill it in or remove the line")
        path = self._path(place, values["path"], line)
        split = self._split(place, trimmed(values.get("split", "")), line)
        group = values.get("group", "")
        return ManifestRow(line, path, values["label"], split, group if trimmed(group) else None)

    def _path(self, place: str, written: str, line: int) -> Path:
        path = self._manifest.parent / trimmed(written)
        if not os.path.isfile(path) and os.path.isfile(self._manifest.parent / written):
            path = self._manifest.parent / written  # a file whose name ends in a blank
        if not os.path.isfile(path):
            slashes = ", with / between folders" if "\\" in written else ""
            raise InvalidData(f"{place}: no file {shown(path)}; correct the path{slashes} or remove the line")
        # `a.png` and `sub/../a.png` are one image: it must not stand on two sides
        plain = os.path.normpath(path)
        if plain in self._seen:
            raise InvalidData(f"{place}: {shown(path)} stands in line {self._seen[plain]} too; remove one")
        self._seen[plain] = line
        return path

    def _split(self, place: str, written: str, line: int) -> PartName | None:
        if not written:
            return None
        part = part_of(written)
        if part is None:
            raise InvalidData(f"{place}: split {printable(written)!r}; write train, val or test")
        spellings = self._spellings.setdefault(part, {})
        if spellings.setdefault(written.casefold(), line) == line and len(spellings) > 1:
            other, before = next(iter(spellings.items()))
            raise InvalidData(
                f"{place}: split {printable(written)!r}, and {printable(other)!r} in line {before}: both name the part "
                f"{part}; write one of them"
            )
        return part

    def notes(self, rows: Sequence[ManifestRow]) -> list[str]:
        """Return how parts were called, and what became of rows without one."""
        said = [
            f"split {printable(written)!r} is read as {part}"
            for part, spellings in self._spellings.items()
            for written in spellings
            if written != part
        ]
        without = sum(row.split is None for row in rows)
        if 0 < without < len(rows):
            said.append(f"{without} rows without a split are read as train")
        return said


def list_manifest(root: Path, manifest: Path) -> Listing:
    """List the images of a manifest; ids are relative to `root`. Raise `InvalidData`."""
    read = read_manifest(manifest)
    where = shown(root)
    labels = join_spellings(where, "labels", (row.label for row in read.rows))
    named = (row.group for row in read.rows if row.group is not None)
    groups = join_spellings(where, "groups", named, case_apart=True)
    by_part: dict[PartName, list[ManifestRow]] = {}
    for row in read.rows:
        by_part.setdefault(row.split or "train", []).append(row)
    uses = uses_of(where, by_part)
    class_names = tuple(sorted(set(labels.names.values())))
    place_of = {name: position for position, name in enumerate(class_names)}
    label_of = {spelling: place_of[name] for spelling, name in labels.names.items()}
    parts = {use: _part(root, by_part[part], use, label_of, groups) for part, use in uses.items()}
    check_classes(where, class_names, parts["train"], parts.get("test"))
    said = [taken_for(f"split {part}", part, part, use) for part, use in uses.items()]
    notes = (*read.notes, *filter(None, said), *labels.notes, *groups.notes, *_shared_groups(where, parts))
    return Listing(root, class_names, tuple(parts.values()), notes)


def _part(root: Path, rows: Sequence[ManifestRow], use: Use, label_of: Mapping[str, int], groups: Joined) -> Part:
    paths = tuple(row.path for row in rows)
    # a manifest may name images that lie outside its folder
    ids = tuple(printable(str(path.relative_to(root) if path.is_relative_to(root) else path)) for path in paths)
    return Part(use, paths, ids, tuple(label_of[row.label] for row in rows), _groups(rows, ids, groups))


def _groups(rows: Sequence[ManifestRow], ids: Sequence[str], groups: Joined) -> tuple[str, ...] | None:
    if not groups.names:
        return None
    # an image without a group is a group of its own, under a name that no manifest can have
    return tuple(
        f"\0{name}" if row.group is None else groups.names[row.group] for row, name in zip(rows, ids, strict=True)
    )


def _shared_groups(where: str, parts: Mapping[Use, Part]) -> list[str]:
    """Refuse groups on both sides of the split that is measured on; tell of those that only select there too."""
    held = set((parts["test"].groups if "test" in parts else None) or ())
    shared = held & set(parts["train"].groups or ())
    if shared:
        raise InvalidData(f"{where}: group {min(shared)!r} stands in train and in test; keep it on one side")
    own = held & set((parts["validation"].groups if "validation" in parts else None) or ())
    return [f"group {min(own)!r} stands in val and in test"] if own else []
