"""YAML with the place of every key, and only what JSON holds: text, finite numbers, true, false, null, lists, mappings.

What a value can't be is told beside all else that is wrong: duplicate keys, numbers that YAML 1.1 and 1.2 read each in
its own way, tags, control characters. Only what can't be parsed at all is told alone.
"""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bench.errors import BenchError, InvalidSuite
from bench.machine.reading import MIB, Unfit, read_bytes
from bench.suites.wording import one_line, quoted, told
from bench.suites.yaml_limits import LimitedLoader

MOST_BYTES = MIB
"""Of a suite's file; the shipped ones have one to three thousand."""
_TAG = "tag:yaml.org,2002:"
_INTEGER, _FLOAT = f"{_TAG}int", f"{_TAG}float"
_SCALARS = {*(f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float", "str"))}
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but for tab and newline, and halves of a character, which no file and no terminal takes."""
_OCTAL = re.compile(r"[-+]?0[0-7_]+")


@dataclass(frozen=True)
class Place:
    """Where something stands; a line and column from 1 on, or none for a command-line option."""

    file: str
    line: int | None
    column: int | None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"


@dataclass
class Marks:
    """The place of each key and list item, by its path from the top, and what no suite can hold."""

    file: str
    places: dict[tuple[Any, ...], Place] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    refused: set[tuple[Any, ...]] = field(default_factory=set)
    """Paths of values that `problems` tell of, with the paths of all around them; null stands there in their place."""

    def at(self, path: tuple[Any, ...]) -> Place:
        """Return the place of a path, or of the nearest thing around it that stands in the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return Place(self.file, 1, 1)

    def refuse(self, path: tuple[Any, ...], place: Place, problem: str) -> None:
        """Note what is wrong with a value, so that nobody tells of the null that stands in its place."""
        self.refused.update(path[:length] for length in range(1, len(path) + 1))
        self.problems.append(f"{place}: {dotted(path)}: {problem}")


def dotted(path: tuple[Any, ...]) -> str:
    """Return a path as messages name it."""
    return ".".join(str(part) for part in path) or "the suite"


def read_suite_text(path: Path) -> str:
    """Return the text of a suite's file; raise `BenchError` where it can't be read."""
    try:
        text = read_bytes(path, MOST_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BenchError(f"{one_line(str(path))}: can't be read ({error}); give a UTF-8 text file") from error
    except Unfit as error:
        raise BenchError(f"{one_line(str(path))}: {error}; give a suite's YAML file") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def load_with_marks(source: str, file: str) -> tuple[dict[str, Any], Marks]:
    """Return the mapping that the text holds, and where everything in it stands; raise `InvalidSuite`."""
    marks = Marks(file)
    try:
        contents = _construct(source, marks)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = one_line(f"{error.problem}; mend the text there")
        raise InvalidSuite(told([f"{_place_at(mark, marks)}: no valid YAML: {said}"])) from None
    except yaml.reader.ReaderError as error:
        raise InvalidSuite(told([_unreadable(source, file, error)])) from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidSuite(told([f"{file}:1:1: no valid YAML: {str(error).splitlines()[0]}"])) from None
    if not isinstance(contents, dict):
        raise InvalidSuite(told([f"{file}:1:1: must be a mapping of keys to values, as in `name: my_suite`"]))
    return contents, marks


def _unreadable(source: str, file: str, error: yaml.reader.ReaderError) -> str:
    """Return what is said of a character that YAML does not take."""
    before = source[: error.position]
    place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    sign = quoted(chr(int(error.character)))
    return f"{place}: no valid YAML: holds {sign}, which is no text; remove it, or save as UTF-8"


def _construct(source: str, marks: Marks) -> Any:
    loader = LimitedLoader(source)
    node = loader.get_single_node()
    if node is None:
        return None
    _find_duplicates(node, (), marks, set())  # before the values are built, which merges `<<` into the nodes
    return _Builder(loader, marks).value(node, ())


def _find_duplicates(node: yaml.Node, path: tuple[Any, ...], marks: Marks, seen: set[int]) -> None:
    """Note the keys that stand in one mapping twice; what aliases repeat is looked at once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""  # any other key is refused below
            if name in first and isinstance(key, yaml.ScalarNode):
                there = f"{_place_at(key.start_mark, marks)}: {dotted((*path, name))}"
                marks.problems.append(f"{there}: stands twice, first at line {first[name]}; remove one")
            first[name] = key.start_mark.line + 1
            _find_duplicates(value, (*path, name), marks, seen)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            _find_duplicates(item, (*path, position), marks, seen)


def _place_at(mark: yaml.Mark | None, marks: Marks) -> Place:
    return Place(marks.file, mark.line + 1, mark.column + 1) if mark else Place(marks.file, 1, 1)


@dataclass(frozen=True)
class _Builder:
    """Builds values of nodes.

    What an alias stands for is built anew at each place, so that a change at one of them leaves the others be.
    """

    loader: LimitedLoader
    marks: Marks

    def value(self, node: yaml.Node, path: tuple[Any, ...]) -> Any:
        """Return what a node stands for; null where no suite can hold it, which the marks then tell."""
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self._item(item, (*path, position)) for position, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return self._scalar(node, path)
        shown = one_line(node.tag.replace(_TAG, "!!"), 40)
        return self._refused(node, path, f"{shown} can't stand in a suite; write text, a number, a list or a mapping")

    def _item(self, node: yaml.Node, path: tuple[Any, ...]) -> Any:
        self.marks.places[path] = _place_at(node.start_mark, self.marks)
        return self.value(node, path)

    def _mapping(self, node: yaml.MappingNode, path: tuple[Any, ...]) -> dict[str, Any]:
        self.loader.flatten_mapping(node)
        built: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or _UNSEEN.search(key.value):
                self._refused(key, path, "a key must be text without control characters")
                continue
            # as it is written: 5 and true are text where they are keys
            inner = (*path, key.value)
            self.marks.places[inner] = _place_at(key.start_mark, self.marks)
            built[key.value] = self.value(value, inner)
        return built

    def _scalar(self, node: yaml.ScalarNode, path: tuple[Any, ...]) -> Any:
        if node.tag in (_INTEGER, _FLOAT) and (problem := _ambiguous(node.value)):
            return self._refused(node, path, problem)
        try:
            value = self.loader.yaml_constructors[node.tag](self.loader, node)
        except (ValueError, LookupError):
            kind = node.tag.removeprefix(_TAG)
            return self._refused(node, path, f"{quoted(node.value)} is no {kind} that can be held; write another value")
        problem = _problem_of(value)
        return value if problem is None else self._refused(node, path, problem)

    def _refused(self, node: yaml.Node, path: tuple[Any, ...], problem: str) -> None:
        self.marks.refuse(path, _place_at(node.start_mark, self.marks), problem)


def _ambiguous(text: str) -> str | None:
    """Say why a number is another one to other readers of YAML; null where it is not."""
    if ":" in text:
        return f"{quoted(text)} is base 60 in YAML 1.1 and text in 1.2; write a plain number, or quote it"
    digits = text.replace("_", "")
    if len(digits) < 20 and _OCTAL.fullmatch(text) and int(digits, 8) != int(digits):
        return (
            f"{quoted(text)} is {int(digits, 8)} in YAML 1.1 and {int(digits)} in 1.2; write one of them, or quote it"
        )
    return None


def _problem_of(value: Any) -> str | None:
    """Say why no suite can hold a value; null where it can."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be a finite number (not {value}); quote it where text is meant"
    # a bool is an integer too, of 0 or 1
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "must be a whole number of at most 64 bits; quote it where text is meant"
    if isinstance(value, str) and (found := _UNSEEN.search(value)):
        return f"holds the control character {found[0]!r}; remove it"
    return None
