"""Looks for image files in folders, and keeps account of all that is not taken."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.data.image_kinds import Kind, ending_of, kind_of
from bench.data.names import SHOWN, listed, printable, shown
from bench.errors import InvalidData

SYSTEM_FOLDERS = frozenset({"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found"})
"""Folders that archivers and systems leave, in small letters."""
NO_IMAGES = "left out as no images"
UNUSUAL = "taken by their first bytes, with an unusual ending"
OTHER_KIND = "left out, of a kind that is not read here"
UNKNOWN = "left out, of no image by their first bytes"
OUTSIDE = "left out, images outside of any class folder"
FOLLOWED = "followed, linked folders"
BROKEN = "left out, links that lead nowhere"
UPWARDS = "left out, links to a folder that they lie in"
AGAIN = "left out, links to a folder that the class holds already"
TWICE = "read twice, folders that lie in more than one place by links"
UNREADABLE = "left out, files or folders that can't be read"
SPECIAL = "left out, neither files nor folders"
REASONS = (UNUSUAL, FOLLOWED, OTHER_KIND, UNKNOWN, OUTSIDE, BROKEN, UPWARDS, AGAIN, TWICE, UNREADABLE, SPECIAL)

REASON_OF = {Kind.UNUSUAL: UNUSUAL, Kind.OTHER: OTHER_KIND, Kind.NONE: NO_IMAGES, Kind.UNKNOWN: UNKNOWN}


class Seen(NamedTuple):
    """Something that is told of, with the reason."""

    reason: str
    path: str


class Level(NamedTuple):
    """What lies right in a folder."""

    folders: list[str]
    """Their names, sorted."""
    images: list[str]
    """Their paths, sorted."""


@dataclass
class Search:
    """Looks through the folders of one data set. Linked folders are followed, each once in a class."""

    root: Path
    seen: list[Seen] = field(default_factory=list)
    """What is told of, in the order it was found."""
    places: dict[str, str] = field(default_factory=dict)
    """Where each folder that was looked through, without links, lies among the data."""

    def level(self, folder: Path) -> Level:
        """Return what lies right in a folder; raise `InvalidData` where it can't be read."""
        found = Level([], [])
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            raise InvalidData(f"{shown(folder)}: can't be read ({error.strerror}); mend its permissions") from error
        real = os.path.realpath(folder)
        for entry in entries:
            if self._is_folder(entry):
                if entry.is_symlink() and _holds(os.path.realpath(entry.path), real):
                    self._see(UPWARDS, entry.path)
                else:
                    found.folders.append(entry.name)
            elif self._is_image(entry):
                found.images.append(entry.path)
        return Level(sorted(found.folders), sorted(found.images))

    def images(self, folder: Path) -> list[Path]:
        """Return the image files below a folder, sorted."""
        start = os.path.realpath(folder)
        mine: set[str] = set()
        # what lies there itself first: where a link leads to a part of it, that keeps its own name
        found, links = self._tree(str(folder), start, mine)
        while links:
            link = links.pop(0)
            real = os.path.realpath(link)
            if _holds(real, start):
                self._see(UPWARDS, link)
            elif real in mine:
                self._see(AGAIN, link)
            else:
                self._see(FOLLOWED, link)
                more, further = self._tree(link, real, mine)
                found, links = found + more, links + further
        return [Path(path) for path in sorted(found, key=lambda path: path.split(os.sep))]

    def outside(self, images: Sequence[str]) -> None:
        """Tell of images that lie in no class folder."""
        self.seen += [Seen(OUTSIDE, path) for path in images]

    def notes(self) -> tuple[str, ...]:
        """Return what was found beside the images that were taken: counted by reason, with the first names."""
        told = {reason: [path for why, path in self.seen if why == reason] for reason in (*REASONS, NO_IMAGES)}
        notes = [f"{reason}: {self._named(paths)}" for reason, paths in told.items() if paths and reason != NO_IMAGES]
        if told[NO_IMAGES]:
            notes.append(f"{NO_IMAGES}: {len(told[NO_IMAGES])} ({_endings(told[NO_IMAGES])})")
        return tuple(notes)

    def _named(self, paths: Sequence[str]) -> str:
        names = sorted(printable(os.path.relpath(path, self.root)) for path in paths)
        ends = f"; {_endings(paths)}" if len(paths) > SHOWN else ""
        return f"{len(paths)} ({listed(names)}{ends})"

    def _tree(self, folder: str, real: str, mine: set[str]) -> tuple[list[str], list[str]]:
        """Return the images below a folder, and the linked folders, which are left for later."""
        found: list[str] = []
        links: list[str] = []
        stack = [(folder, real)]
        while stack:
            here, real = stack.pop()
            if real in mine:
                self._see(AGAIN, here)
                continue
            self._enter(here, real, mine)
            for entry in self._entries(here):
                if self._is_folder(entry):
                    if entry.is_symlink():
                        links.append(entry.path)
                    else:
                        stack.append((entry.path, os.path.join(real, entry.name)))
                elif self._is_image(entry):
                    found.append(entry.path)
        return found, sorted(links)

    def _enter(self, here: str, real: str, mine: set[str]) -> None:
        mine.add(real)
        if self.places.setdefault(real, here) != here:
            self._see(TWICE, here)

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            return list(os.scandir(folder))
        except OSError:
            self._see(UNREADABLE, folder)
            return []

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        """Say whether an entry is a folder to look into."""
        try:
            if not entry.is_dir():
                return False
        except OSError:  # links in a circle, and those into a folder that can't be read, are no files either
            return False
        if entry.name.startswith(".") or entry.name.lower() in SYSTEM_FOLDERS:
            self._see(NO_IMAGES, entry.path)
            return False
        return True

    def _is_image(self, entry: os.DirEntry[str]) -> bool:
        """Say whether an entry is an image to take; else note why not. What is a folder was told of before."""
        try:
            if not entry.is_file():
                self._no_file(entry)
                return False
            kind = Kind.NONE if entry.name.startswith(".") else kind_of(entry.path)
        except OSError:
            self._see(BROKEN if entry.is_symlink() else UNREADABLE, entry.path)
            return False
        if kind is Kind.IMAGE:
            return True
        self._see(REASON_OF[kind], entry.path)
        return kind is Kind.UNUSUAL

    def _no_file(self, entry: os.DirEntry[str]) -> None:
        if entry.is_dir():
            return
        broken = entry.is_symlink() and not os.path.exists(entry.path)
        self._see(BROKEN if broken else SPECIAL, entry.path)

    def _see(self, reason: str, path: str) -> None:
        self.seen.append(Seen(reason, path))


def all_files(path: Path) -> list[Path]:
    """Return a file, or all files below a folder, sorted; linked folders are followed, each once."""
    if path.is_file():
        return [path]
    found: list[Path] = []
    entered: set[str] = set()
    for folder, below, names in os.walk(path, followlinks=True):
        entered.add(os.path.realpath(folder))
        below[:] = sorted(name for name in below if os.path.realpath(os.path.join(folder, name)) not in entered)
        found += [Path(folder, name) for name in names if os.path.isfile(os.path.join(folder, name))]
    return sorted(found)


def _holds(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith(os.path.join(outer, ""))


def _endings(paths: Sequence[str]) -> str:
    """Return how many have which ending, the most frequent first; hidden ones by their whole names."""
    counts = Counter(_ending(os.path.basename(path)) for path in paths)
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return listed([f"{printable(ending)} {count}" for ending, count in ordered], 8)


def _ending(name: str) -> str:
    if name.startswith("."):
        return "._*" if name.startswith("._") else name
    if name.lower() in SYSTEM_FOLDERS:
        return name
    return ending_of(name) or "no ending"
