"""Reading class folders of image files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.data.listing import Listing, Part, check_classes
from bench.data.names import Joined, join_spellings, listed, printable, shown
from bench.data.parts import UNLABELLED, PartName, Use, parts_of, resembles_a_part, taken_for, uses_of
from bench.data.searching import Level, Search
from bench.errors import InvalidData


@dataclass(frozen=True)
class PartFolder:
    """A folder that holds class folders: a part of the data set, or all of it."""

    path: Path
    use: Use
    level: Level

    @property
    def name(self) -> str:
        """As it is called in messages."""
        return f"{printable(self.path.name)}/"


@dataclass
class Layout:
    """How a data set lies below its folder."""

    search: Search
    parts: list[PartFolder]
    notes: list[str] = field(default_factory=list)


def list_folders(root: Path) -> Listing:
    """List class folders below `train/`, `test/` and `val/`, or right below `root`.

    Without a part for testing it is the one for validation that tests. Raise `InvalidData` where nobody can tell what
    is meant, or where nobody could learn from it.
    """
    layout = _layout(root)
    classes = _classes(root, layout.parts)
    listed_parts = {folder.use: _list_part(root, folder, classes, layout.search) for folder in layout.parts}
    class_names = tuple(sorted(set(classes.names.values())))
    train, test = listed_parts["train"], listed_parts.get("test")
    if layout.parts[0].path == root:
        _refuse_parts_below_classes(root, train)
    check_classes(shown(layout.parts[0].path), class_names, train, test)
    notes = (*layout.notes, *classes.notes, *layout.search.notes())
    filled = [part for part in listed_parts.values() if part.labels]
    return Listing(root, class_names, tuple(filled), notes)


def part_folders(search: Search, root: Path) -> dict[PartName, str]:
    """Return the name of the folder of each part; raise `InvalidData` where two are of one part."""
    return parts_of(shown(root), search.level(root).folders)


def _layout(root: Path) -> Layout:
    search = Search(root)
    level = search.level(root)
    names = parts_of(shown(root), level.folders)
    if not names:
        _refuse_parts_called_otherwise(root, level)
        return Layout(search, [_part_folder(search, root, "train", level)])
    search.outside(level.images)
    uses = uses_of(shown(root), names)
    beside = _beside(root, list(names.values()), level)
    folders = [_part_folder(search, root / names[part], use) for part, use in uses.items()]
    said = [taken_for(f"{printable(names[part])}/", names[part], part, use) for part, use in uses.items()]
    return Layout(search, folders, [*filter(None, said), *beside])


def _part_folder(search: Search, path: Path, use: Use, level: Level | None = None) -> PartFolder:
    folder = PartFolder(path, use, level or search.level(path))
    images, classes = folder.level.images, folder.level.folders
    if images and not classes and use != "validation":
        raise InvalidData(
            f"{shown(path)}: no class folders, but {len(images)} images right in it; "
            f"put each class in a folder of its own, {folder.name}<class>/*, or write a manifest.csv"
        )
    search.outside(images)
    return folder


def _beside(root: Path, parts: Sequence[str], level: Level) -> list[str]:
    """Tell of the folders beside those of the parts; refuse those that may be classes or parts themselves."""
    others = [name for name in level.folders if name not in parts]
    unlabelled = [name for name in others if name.casefold() in UNLABELLED]
    # of a search of its own: what lies there is told of as a whole
    holding = [name for name in others if name not in unlabelled and Search(root).images(root / name)]
    if holding:
        raise InvalidData(
            f"{shown(root)}: {_folders(parts)} beside {_folders(holding)}: parts can't be told from classes; put "
            "class folders below train/ and test/, move what belongs to neither elsewhere, or write a manifest.csv"
        )
    notes = [f"{_folders(unlabelled)} left out: images without classes"] if unlabelled else []
    without = [name for name in others if name not in unlabelled]
    return [*notes, f"{_folders(without)} left out: no images there"] if without else notes


def _refuse_parts_called_otherwise(root: Path, level: Level) -> None:
    if len(level.folders) > 1 and all(resembles_a_part(name) for name in level.folders):
        raise InvalidData(
            f"{shown(root)}: {_folders(level.folders)} look like parts, not like classes; call them train/, val/, "
            "test/, or write a manifest.csv"
        )


def _refuse_parts_below_classes(root: Path, everything: Part) -> None:
    inside: dict[str, set[str]] = {}
    for name in everything.ids:
        folder, *below = name.split("/")
        if len(below) > 1:
            inside.setdefault(folder, set()).add(below[0])
    for folder, names in inside.items():
        parts = parts_of(shown(root / folder), names)
        if len(parts) > 1:
            raise InvalidData(
                f"{shown(root)}: the class folder {folder}/ holds {_folders(list(parts.values()))}; give the "
                "folder that holds train/ and test/, with the classes below them, or write a manifest.csv"
            )


def _classes(root: Path, folders: Sequence[PartFolder]) -> Joined:
    return join_spellings(shown(root), "class folders", (name for each in folders for name in each.level.folders))


def _list_part(root: Path, folder: PartFolder, classes: Joined, search: Search) -> Part:
    """List `folder/<class>/**/*`, class by class; ids are relative to `root`."""
    class_names = sorted(set(classes.names.values()))
    found: list[tuple[int, Path]] = []
    for label, class_name in enumerate(class_names):
        mine = [name for name in folder.level.folders if classes.names[name] == class_name]
        found += [(label, path) for name in mine for path in search.images(folder.path / name)]
    prefix = len(str(root / "x")) - 1
    ids = tuple(printable(str(path)[prefix:]) for _, path in found)
    return Part(folder.use, tuple(path for _, path in found), ids, tuple(label for label, _ in found))


def _folders(names: Sequence[str]) -> str:
    return listed([f"{printable(name)}/" for name in names], 10)
