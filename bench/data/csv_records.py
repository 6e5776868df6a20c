"""Reads CSV so that whatever is wrong is told with file and line."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.data.names import shown, trimmed
from bench.errors import InvalidData

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Records:
    """What a CSV file holds."""

    header: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]
    """Each record with the line that it begins in; raises `InvalidData` at the first that can't be read."""
    notes: tuple[str, ...]


def column_name(written: str) -> str:
    """Return the name of a column as it is looked for: in small letters, without blanks around it."""
    return trimmed(written).casefold()


def read_records(path: Path, columns: Sequence[str]) -> Records:
    """Read a CSV file whose columns are parted by what its first line has between `columns`; raise `InvalidData`."""
    text = _text(path)
    delimiter = _delimiter(text, set(columns))
    rows = _records(path, text, delimiter)
    _, header = next(rows, (1, []))
    notes = () if delimiter == "," else (f"columns of {path.name} are parted by {DELIMITERS[delimiter]}",)
    return Records(tuple(header), rows, notes)


def _text(path: Path) -> str:
    try:
        written = path.read_bytes()
        text = written.decode("utf-8-sig")
    except OSError as error:
        raise InvalidData(f"{shown(path)}: can't be read ({error.strerror}); mend its permissions") from error
    except UnicodeDecodeError as error:
        line = written.count(b"\n", 0, error.start) + 1
        raise InvalidData(f"{shown(path)}:{line}: no UTF-8 ({error.reason}); save it as UTF-8") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidData(f"{shown(path)}:{line}: a NUL byte, which no text holds; save it as text in UTF-8")
    return text


def _delimiter(text: str, columns: set[str]) -> str:
    first = next(iter(text.lstrip().splitlines()), "").replace('"', "")
    fitting = (each for each in DELIMITERS if columns <= {column_name(name) for name in first.split(each)})
    return next(fitting, ",")


def _records(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Give each record with the line that it begins in; lines without anything are passed over."""
    # strict: else a quote that is never closed takes the rest of the file as one value
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    begins = 1
    try:
        for fields in reader:
            if len(fields) > 1 or any(trimmed(field) for field in fields):
                yield begins, fields
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InvalidData(
            f"{shown(path)}:{begins}: no CSV from here on ({error}); is a quote opened here and not closed?"
        ) from error
