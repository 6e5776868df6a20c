"""The pages of single cells, packed: the records as compressed JSON, their curves as one array of sixteen bits."""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.records.curves import Curve, CurvesOf, Values, pack
from bench.records.record import Record
from bench.reports.page.plain_json import written

MOST = 5000
"""Cells that have a page; of a larger run the records tell the rest."""


@dataclass(frozen=True)
class Packed:
    """Text for the page: base64 of gzip, unpacked when the reader opens a cell."""

    records: str
    """JSON: by cell, its record and where its curves lie in the array, in numbers."""
    curves: str
    """Little-endian unsigned 16-bit numbers: of each curve its steps, then its levels."""
    left_out: int
    """Cells beyond the first 5,000."""


def cell_pages(records: Sequence[Record], curves_of: CurvesOf) -> Packed:
    """Return the cells' records with their curves."""
    arrays: list[npt.NDArray[np.uint16]] = []
    cells: dict[str, Any] = {}
    offset = 0
    for record in records[:MOST]:
        curves = {}
        for name, curve in _curves(curves_of(record.cell_id)).items():
            curves[name] = _header(curve, offset)
            arrays += [curve.at, curve.levels]
            offset += 2 * len(curve.at)
        cells[record.cell_id] = {
            "record": written({**record.to_json(), "side_file": _short(record.side_file)}),
            "seeds": str(record.seeds),
            "curves": curves,
            "steps": _checkpoints(record, curves),
        }
    numbers = np.concatenate(arrays).astype("<u2") if arrays else np.zeros(0, "<u2")
    return Packed(
        # Packed until a reader opens a cell: a browser shows the page before it has read thousands of records.
        compressed(json.dumps(cells, allow_nan=False).encode()),
        compressed(numbers.tobytes()),
        max(0, len(records) - MOST),
    )


def _short(side_file: str | None) -> str | None:
    """Return where a side file lies in its run's folder, wherever on this machine that is."""
    return None if side_file is None else "/".join(Path(side_file).parts[-2:])


def compressed(contents: bytes) -> str:
    """Return base64 of gzip, the same for the same contents."""
    return base64.b64encode(gzip.compress(contents, mtime=0)).decode()


def _curves(kept: Mapping[str, Values]) -> dict[str, Curve]:
    return {name: pack(values) for name, values in kept.items() if values.ndim == 1 and len(values)}


def _header(curve: Curve, offset: int) -> dict[str, Any]:
    return {
        "steps": curve.steps,
        "stride": curve.stride,
        "low": curve.low,
        "high": curve.high,
        "from": offset,
        "points": len(curve.at),
    }


def _checkpoints(record: Record, curves: Mapping[str, Any]) -> list[int] | None:
    """Return the step of each candidate where the record confirms them, else null: then they are only numbered."""
    if "candidate_accuracies" not in curves or "losses" not in curves:
        return None
    count, steps = curves["candidate_accuracies"]["steps"], curves["losses"]["steps"]
    spaced = [round((number + 1) * steps / count) for number in range(count)]
    return spaced if (record.chosen or {}).get("step") in spaced else None
