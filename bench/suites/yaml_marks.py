"""YAML with the place of every key. It refuses duplicate keys, and reads `1e-3` as a number: PyYAML does neither."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bench.errors import BenchError, InvalidSuite


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
    """The place of each key and list item, by its path from the top."""

    file: str
    places: dict[tuple[Any, ...], Place] = field(default_factory=dict)
    duplicates: list[str] = field(default_factory=list)

    def at(self, path: tuple[Any, ...]) -> Place:
        """Return the place of a path, or of the nearest thing around it that stands in the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return Place(self.file, 1, 1)


class _Loader(yaml.SafeLoader):
    """Safe loading by two rules of YAML 1.2: `1e-3` is a number, and `on` is text. Keys are always text."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping; a key that is a number or a boolean becomes the text that Python has for it."""
        return {
            key if isinstance(key, str) else str(key): value
            for key, value in super().construct_mapping(node, deep).items()
        }


# PyYAML follows YAML 1.1: `on`, `off`, `yes` and `no` are booleans there, and an exponent needs a point and a sign
_BOOLEAN = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOLEAN, re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_suite_text(path: Path) -> str:
    """Return the text of a suite's file; raise `BenchError` where it can't be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: can't be read ({error}); give a UTF-8 text file") from error


def load_with_marks(source: str, file: str) -> tuple[dict[str, Any], Marks]:
    """Return the mapping that the text holds, and where everything in it stands; raise `InvalidSuite`."""
    marks = Marks(file)
    try:
        contents = _construct(source, marks)
    except RecursionError:
        raise InvalidSuite([f"{file}:1:1: no valid YAML: a value holds itself; write it out"]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        raise InvalidSuite([f"{place}: no valid YAML: {error.problem}; mend the text there"]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidSuite([f"{file}:1:1: no valid YAML: {str(error).splitlines()[0]}"]) from None
    if not isinstance(contents, dict):
        raise InvalidSuite([f"{file}:1:1: must be a mapping of keys to values, as in `name: my_suite`"])
    return contents, marks


def _construct(source: str, marks: Marks) -> Any:
    loader = _Loader(source)
    node = loader.get_single_node()
    if node is None:
        return None
    _walk(node, (), marks)  # before construction, which merges `<<` into the nodes
    return loader.construct_document(node)


def _walk(node: yaml.Node, path: tuple[Any, ...], marks: Marks) -> None:
    """Note the places of all that lies in a node, and the keys that stand in one mapping twice."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, Place] = {}
        for key, value in node.value:
            name, place = str(key.value), _place_of(key, marks)
            if name in seen:
                dotted = ".".join(str(part) for part in (*path, name))
                marks.duplicates.append(f"{place}: {dotted}: stands twice, first at line {seen[name].line}; remove one")
            seen[name] = marks.places[(*path, name)] = place
            _walk(value, (*path, name), marks)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            marks.places[(*path, position)] = _place_of(item, marks)
            _walk(item, (*path, position), marks)


def _place_of(node: yaml.Node, marks: Marks) -> Place:
    return Place(marks.file, node.start_mark.line + 1, node.start_mark.column + 1)
