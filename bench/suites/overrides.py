"""`--set KEY=VALUE`: what the command line puts in place of a key of a suite's file."""

from collections.abc import Sequence
from typing import Any

from bench.errors import BenchError, InvalidSuite
from bench.suites.wording import QUOTED, one_line
from bench.suites.yaml_limits import DEPTH
from bench.suites.yaml_marks import Marks, Place, load_with_marks

_OTHER_LENGTH = {"train.epochs": "steps", "train.steps": "epochs"}
"""A recipe has one length: `--set` of the one takes back what the file says of the other."""
_IN = "value"
"""Under which key the value is read, as the text behind it in a file would be."""


def override(contents: dict[str, Any], marks: Marks, text: str) -> None:
    """Put one `KEY=VALUE` into a file's contents: dots for nested keys, the value in YAML."""
    key, value = _key_and_value(text, marks)
    *parents, last = key.split(".")
    inner = _mapping_at(contents, parents, text)
    takes_list = isinstance(inner.get(last), list) or parents == ["grid"]
    inner[last] = [value] if takes_list and value is not None and not isinstance(value, list) else value
    _mark_as_option(marks, key)
    if key in _OTHER_LENGTH:
        contents["train"].pop(_OTHER_LENGTH[key], None)


def _option(text: str) -> str:
    return f"--set {one_line(text, 2 * QUOTED)}"


def _key_and_value(text: str, marks: Marks) -> tuple[str, Any]:
    key, equals, written = text.partition("=")
    if not equals or not key:
        raise BenchError(f"{_option(text)}: write KEY=VALUE, as in --set image_size=96")
    if key.count(".") >= DEPTH or not one_line(key, len(key)) == key:
        raise BenchError(f"{_option(text)}: no key of a suite; write one as in train.steps")
    try:
        found, inner = load_with_marks(f"{_IN}: {written}", f"--set {key}")
    except InvalidSuite as error:
        said = str(error).partition("no valid YAML: ")[2].removesuffix("; mend the text there")
        raise BenchError(f"{_option(text)}: the value is no YAML ({said or 'no value'}); quote it") from error
    if found.keys() != {_IN}:
        raise BenchError(f"{_option(text)}: holds more than one value; quote it, or write --set once for each")
    written_at = tuple(key.split("."))
    for path in inner.refused:
        marks.refused.add((*written_at, *path[1:]))
    place = f"--set {key}: "
    marks.problems.extend(place + key + problem.partition(f": {_IN}")[2] for problem in inner.problems)
    return key, found[_IN]


def _mapping_at(contents: dict[str, Any], path: Sequence[str], text: str) -> dict[str, Any]:
    """Return the mapping that a path leads to, made where there is none."""
    inner = contents
    for key in path:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise BenchError(f"{_option(text)}: {one_line(key, QUOTED)} holds no keys; see the suite file")
    return inner


def _mark_as_option(marks: Marks, key: str) -> None:
    """Make the option the place of a key: what the file says there no longer counts."""
    written = tuple(key.split("."))
    for path in [path for path in marks.places if path[: len(written)] == written]:
        del marks.places[path]
    for length in range(1, len(written) + 1):
        if length == len(written) or written[:length] not in marks.places:
            marks.places[written[:length]] = Place(f"--set {key}", None, None)
