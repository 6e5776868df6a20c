"""The door for files that anyone may have left: what is opened, how much of it is read, and what its JSON may be.

Whatever does not fit raises `Unfit`, which says why in a few words; the caller adds the file and what to do.
"""

import codecs
import contextlib
import errno
import json
import os
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

KIB, MIB, GIB = 2**10, 2**20, 2**30
DEPTH = 200
"""Levels of lists and objects within one another; what this project writes has six."""
SHOWN = 60
"""Characters of a value that a message shows."""
DAMAGED = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, struct.error),
    *(ValueError, TypeError, LookupError, ArithmeticError, MemoryError, RuntimeError, SyntaxError, tokenize.TokenError),
)
"""What numpy and zipfile raise for arrays and archives whose frame, headers or compressed data hold anything."""
NAME = r"^[^\x00-\x1f\x7f]*$"
SHA256 = r"^[0-9a-f]{64}$"
PATTERNS = {
    NAME: "should be on one line, without control characters",
    SHA256: "should be a SHA-256: 64 digits, 0 to 9 and a to f",
}
"""What texts have to match, with what a message says of it."""
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

FOREIGN = {
    b"\x1f\x8b": "compressed by gzip: unpack it first",
    b"PK\x03\x04": "an archive: unpack it first",
    codecs.BOM_UTF16_LE: "in UTF-16: save it as UTF-8",
    codecs.BOM_UTF16_BE: "in UTF-16: save it as UTF-8",
}
"""How files begin that hold something else, with what they are."""


class Unfit(ValueError):
    """A file, a line or a value that is not what it should be: the message says why."""


def regular(path: Path) -> os.stat_result:
    """Return what the system tells of a regular file, links followed; raise `Unfit` for anything else."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise Unfit(f"can't be read ({_why(error)})") from error
    if not stat.S_ISREG(found.st_mode):
        raise Unfit(f"{KINDS.get(stat.S_IFMT(found.st_mode), 'something else')}, no regular file")
    return found


def is_regular(path: Path) -> bool:
    """Say whether a path leads to a regular file, which can be read without waiting for anybody."""
    try:
        regular(path)
    except Unfit:
        return False
    return True


@contextlib.contextmanager
def opened(path: Path, most: int) -> Iterator[BinaryIO]:
    """Open a regular file of at most so many bytes while the block runs; raise `Unfit` for anything else.

    What fails while it is read comes up as `Unfit` too.
    """
    regular(path)  # before it is opened: to open a device may do something
    try:
        # without waiting: a pipe may have taken the file's place meanwhile
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise Unfit("no regular file")
            if found.st_size > most:
                raise Unfit(f"{_size(found.st_size)}, and at most {_size(most)} are read")
            yield stream
    except OSError as error:
        raise Unfit(f"can't be read ({_why(error)})") from error


def read_bytes(path: Path, most: int) -> bytes:
    """Return what a regular file of at most so many bytes holds; raise `Unfit` for anything else."""
    with opened(path, most) as stream:
        # one more than it may be: it may grow while it is read
        contents = stream.read(most + 1)
    if len(contents) > most:
        raise Unfit(f"more than {_size(most)}")
    return contents


def read_json(path: Path, most: int, finite: bool = True, halves: bool = False) -> Any:
    """Return the JSON of a regular file of at most so many bytes, as `parse` does; raise `Unfit` for anything else."""
    return parse(read_bytes(path, most), finite, halves)


def parse(text: bytes, finite: bool = True, halves: bool = False) -> Any:
    """Return the value of a JSON text in UTF-8; raise `Unfit` for any other text.

    Halves of surrogate pairs, which no file and no terminal takes, come out as they were written: backslash, u, digits.
    Where `halves` are wanted, as in names of files that are no text, they stay. Where it need not be `finite`, NaN and
    Infinity are numbers too, as Python writes them.
    """
    text = text.removeprefix(codecs.BOM_UTF8)
    try:
        # takes a third of the time of Python's own parser
        return from_json(text, cache_strings="all", allow_inf_nan=not finite)
    except ValueError as error:
        for start, said in FOREIGN.items():
            if text.startswith(start):
                raise Unfit(f"no JSON ({said})") from error
        if b"\\u" not in text:
            raise Unfit(f"no JSON ({quoted_text(str(error))})") from error
    try:  # half of a surrogate pair is JSON for Python alone
        return _whole(json.loads(text.decode(), parse_constant=_no_number if finite else None), DEPTH, halves)
    except UnicodeDecodeError as error:
        raise Unfit(f"no text in UTF-8 (byte {error.start})") from error
    except RecursionError as error:
        raise Unfit("no JSON (nested without end)") from error
    except ValueError as error:
        raise Unfit(f"no JSON ({quoted_text(str(error))})") from error


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _whole(value: Any, depth: int, halves: bool) -> Any:
    """Return a value whose texts hold no half of a surrogate pair, unless those are wanted."""
    if depth == 0:
        raise Unfit(f"more than {DEPTH} levels of lists and objects")
    if isinstance(value, str):
        return value if halves else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_whole(each, depth - 1, halves) for each in value]
    if isinstance(value, dict):
        return {_whole(key, 1, halves): _whole(each, depth - 1, halves) for key, each in value.items()}
    return value


def problem_in(schema: TypeAdapter[Any], value: Any) -> str | None:
    """Say what of a JSON value does not fit a schema: where, what is there, what should be; null where all fits."""
    found = problems_in(schema, value)
    return found[0][1] if found else None


def problems_in(schema: TypeAdapter[Any], value: Any) -> list[tuple[tuple[int | str, ...], str, str]]:
    """Return all that does not fit a schema: each place, the sentence on it, and the kind of the fault."""
    try:
        schema.validator.validate_python(value)
    except ValidationError as error:
        told = error.errors(include_url=False, include_context=False)
        return [
            (each["loc"], _told(each["loc"], each["input"], each["msg"], each["type"]), each["type"]) for each in told
        ]
    return []


def _told(place: tuple[int | str, ...], value: Any, message: str, kind: str) -> str:
    """`step_ms.p50 is "quick": should be a valid number`."""
    name = quoted_text(".".join(map(str, place)))
    if kind == "missing":
        return f"{name} is missing"
    why = message.removeprefix("Input ").removeprefix("Value error, ")
    if kind in ("less_than_equal", "greater_than_equal") and why.endswith("0" * 30):
        why = "no number that can be measured or counted is so large"
    if kind == "string_pattern_mismatch":
        why = next((words for pattern, words in PATTERNS.items() if pattern in message), why)
    return (
        f"{name} is {quoted(value)}: {quoted_text(why, 100)}" if name else f"{quoted(value)}: {quoted_text(why, 100)}"
    )


def quoted(value: Any) -> str:
    """Return any JSON value as a short text of one line."""
    if isinstance(value, dict | list) and len(value) > 20:
        return f"a {'list' if isinstance(value, list) else 'table'} of {len(value)}"
    if isinstance(value, int) and not -(2**200) < value < 2**200:
        return "a whole number of many digits"
    return quoted_text(repr(value[: 2 * SHOWN] if isinstance(value, str) else value))


def quoted_text(text: str, most: int = SHOWN) -> str:
    """Return text as one line that can be printed, of so many characters at most."""
    found = text[: 4 * most].encode("utf-8", "backslashreplace").decode()
    line = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in found)
    return line if len(line) <= most else f"{line[: most - 3]}..."


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return "nobody is at its other end" if error.errno == errno.ENXIO else os.strerror(error.errno)
    return quoted_text(str(error))


def _size(count: int) -> str:
    for unit, size in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
