"""Mistakes in what a suite's file names, whatever else is wrong with it: a line for each, with its place."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bench.backbones.sources import is_checkpoint
from bench.backbones.weights_name import parse_own
from bench.catalog import DATASETS, METHODS, PROBES, SELECTIONS
from bench.errors import BenchError
from bench.registry import Registry
from bench.schema import Choice
from bench.suites.choices import check_backbone, check_choice, check_weights, make
from bench.suites.grammar import MOST_NAMES
from bench.suites.paths import MOST_PATH, fault_of_home, fault_of_path
from bench.suites.wording import quoted, shortened
from bench.suites.yaml_marks import Marks


def name_problems(contents: Mapping[str, Any], marks: Marks) -> Iterator[str]:
    """Yield a line for each name that nobody knows, and each parameter that can't be."""
    said: dict[tuple[str, str], str | None] = {}
    yield from _unknown_names(contents, ("dataset",), "dataset", marks, said)
    yield from _unknown_names(contents, ("probes",), "probes", marks, said)
    for path, axes in _written_axes(contents):
        for key in _AXES:
            yield from _unknown_names(axes, (*path, key), key, marks, said)


def mapping(written: Any) -> Mapping[str, Any]:
    """Return a mapping of the file; an empty one where something else stands there, which the grammar refuses."""
    return written if isinstance(written, dict) else {}


def _written_axes(contents: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Mapping[str, Any]]]:
    """Yield the grid and each include with the path to it."""
    includes = contents.get("include")
    yield ("grid",), mapping(contents.get("grid"))
    for place, axes in enumerate(includes[:MOST_NAMES] if isinstance(includes, list) else ()):
        yield ("include", place), mapping(axes)


def _unknown_names(
    axes: Mapping[str, Any], path: tuple[Any, ...], kind: str, marks: Marks, said: dict[tuple[str, str], str | None]
) -> Iterator[str]:
    """Yield what is wrong with the names of one axis; `said` keeps what was found of a name, to look it up once."""
    written = axes.get(path[-1], [])
    for position, item in enumerate(written[:MOST_NAMES] if isinstance(written, list) else [written]):
        if (*path, position) in marks.refused or (path in marks.refused and not isinstance(written, list)):
            continue
        known = (kind, json.dumps(item))
        if known not in said:
            said[known] = _fault(_CHECKS[kind], item)
        if (fault := said[known]) is not None:
            key = ".".join(str(part) for part in path if not isinstance(part, int))
            yield f"{marks.at((*path, position))}: {key}: {fault}"


def _fault(check: Callable[[Any], object], item: Any) -> str | None:
    name = item.get("name") if isinstance(item, dict) else item
    try:
        check(item)
    except BenchError as error:
        return shortened(str(error), name) if isinstance(name, str) else str(error)
    return None


def _check_probe(item: Any) -> None:
    if isinstance(item, str) and not PROBES.entry(item).optional:
        known = ", ".join(name for name in PROBES.names() if PROBES.entry(name).optional)
        raise BenchError(f"{item}: is taken in every cell, or can't be asked for; write some of {known}")
    if isinstance(item, str):
        PROBES.verify(item)


def _choice_of(registry: Registry) -> Callable[[Any], object]:
    """Return a check of a name with or without parameters."""

    def check(item: Any) -> None:
        if (choice := _choice(item)) is not None:
            _check_line(choice.name)
            check_settings(registry, choice)

    return check


def check_settings(registry: Registry, choice: Choice) -> None:
    """Refuse an unknown name, an unknown parameter, and a value out of range; true and false are no numbers."""
    check_choice(registry, choice)
    truths = [key for key, value in choice.params.items() if isinstance(value, bool)]
    if not truths:
        return
    made = make(registry, choice)
    for key in truths:
        if not isinstance(getattr(made, key, True), bool):
            raise BenchError(f"{choice.name}: {key}: must be a number (not {str(choice.params[key]).lower()})")


def _text(check: Callable[[str], object]) -> Callable[[Any], object]:
    """Return a check of a name alone."""

    def checked(item: Any) -> None:
        if isinstance(item, str):
            _check_line(item)
            check(item)

    return checked


def _check_line(name: str) -> None:
    """Refuse a name that no line of a table could show, and one that is longer than any path."""
    if len(name) > MOST_PATH or len(name.splitlines()) > 1 or "\t" in name:
        raise BenchError(f"{quoted(name)}: is no name; write one of one line, of {MOST_PATH} characters at most")


def _check_weights(name: str) -> None:
    check_weights(name)
    if is_checkpoint(name):
        _check_path(name)
        return
    for source in parse_own(name).sources if "@" in name else ():
        _check_path(source.folder or "")


def _check_path(path: str) -> None:
    fault = fault_of_path(path) or fault_of_home(path)
    if fault is not None:
        raise BenchError(fault)


_AXES = ("dataset", "backbone", "weights", "method", "selection", "source")
_CHECKS: dict[str, Callable[[Any], object]] = {
    "dataset": _choice_of(DATASETS),
    "backbone": _text(check_backbone),
    "weights": _text(_check_weights),
    "method": _choice_of(METHODS),
    "selection": _text(SELECTIONS.verify),
    "source": _choice_of(DATASETS),
    "probes": _check_probe,
}
"""Checks of the names on each axis. An item that can't be a name passes here: the grammar refuses it."""


def _choice(item: Any) -> Choice | None:
    if isinstance(item, str):
        return Choice(item)
    if isinstance(item, dict) and isinstance(item.get("name"), str):
        return Choice(item["name"], {key: value for key, value in item.items() if key != "name"})
    return None
