"""From the folders of runs to one summary: reads, filters, joins."""

import dataclasses
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.answers.differences import Right
from bench.answers.joining import Joined, Run, join
from bench.answers.summary import TARGETS, Summary, summarise
from bench.errors import BenchError
from bench.records.correctness import Kept
from bench.records.curves import NAMES, CurvesOf
from bench.records.filtering import chosen
from bench.records.lines import Found, all_kept, read_lines
from bench.records.plausible import told
from bench.records.record import Record
from bench.records.store import Store

Tell = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""
EVERY = 500
"""Cells after which somebody is told."""


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Reading:
    """A summary, and which test images each of its cells got right."""

    summary: Summary
    right: Right


def folder_of(run: Path) -> Path:
    """Return a run's folder, given that or its `records.jsonl`."""
    return run.parent if run.name == "records.jsonl" else run


def read(
    runs: Sequence[Path], filters: Sequence[str] = (), tell: Tell = silent, targets: Sequence[float] = TARGETS
) -> Reading:
    """Return the summary of one run or several; raise `NotComparable` where several can't stand in one table."""
    folders = list(dict.fromkeys(folder_of(run) for run in runs))
    with all_kept():  # a hundred thousand records hold no garbage, and looking for it takes long
        kept, unread = _read_all(folders, filters, tell)
        found = [run for run, _ in kept]
        if filters and not any(run.records for run in found):
            raise BenchError(f"--filter {' --filter '.join(filters)}: fits none of the records")
        joined, right = _as_one(found)
        narrowed = (f"Narrowed to {' and '.join(filters)}.",) if filters else ()
        summary = summarise(
            joined.records,
            joined.manifest,
            _told(_of_one_length(right, joined.records), len(joined.records), tell),
            targets,
            curves_of(found, joined.homes),
            (*narrowed, *joined.notes, *unread, *(sentence for _, lines in kept for sentence in lines.said())),
        )
    unreliable = _unreliable(kept, joined.homes, summary)
    return Reading(dataclasses.replace(summary, said=(*summary.said, *unreliable)), summary.right)


def _read_all(folders: Sequence[Path], filters: Sequence[str], tell: Tell) -> tuple[list[tuple[Run, Found]], list[str]]:
    """Return the runs, and a sentence for each of several that can't be read: it hides none of the others."""
    kept, unread = [], []
    for folder in folders:
        if not os.path.lexists(folder / "records.jsonl"):
            raise BenchError(f"{folder}: no records.jsonl there; give the folder of a run, as in results/digits_small")
        try:
            kept.append(_read(folder, filters, tell))
        except BenchError as error:
            unread.append(f"One of the runs is left out: {error}.")
            if len(folders) == 1 or len(unread) == len(folders):
                raise
            warnings.warn(f"{error}; the run is left out", stacklevel=4)
    return kept, unread


def _unreliable(
    kept: Sequence[tuple[Run, Found]], homes: Mapping[str, tuple[str, str]], summary: Summary
) -> tuple[str, ...]:
    """Return what to say of figures that were left out of the records of a summary when they were read."""
    wrong = {run.name: lines.unreliable for run, lines in kept}
    if not any(wrong.values()):
        return ()
    usual = kept[0][0].name
    here = {record.cell_id: homes.get(record.cell_id, (usual, record.cell_id)) for record in summary.records}
    return told({name: wrong[run].get(there, {}) for name, (run, there) in here.items()}, summary.records)


def _as_one(found: Sequence[Run]) -> tuple[Joined, Right]:
    """Return the runs as one, and what asks the run that a cell is of which images it got right."""
    rights = {run.name: right_of(Store(Path(run.name)), run.records) for run in found}
    if len(found) == 1:
        (run,) = found
        return Joined(tuple(run.records.values()), run.manifest, {}, ()), rights[run.name]
    joined = join(found)
    return joined, _at_home(rights, joined.homes)


def curves_of(runs: Sequence[Run], homes: Mapping[str, tuple[str, str]]) -> CurvesOf:
    """Return what reads the curves of a cell from the side file in its run's folder, when somebody asks for them."""
    named = {run.name: run for run in runs}

    def curves(cell_id: str) -> Mapping[str, npt.NDArray[np.float64]]:
        name, there = homes.get(cell_id, (runs[0].name, cell_id))
        record = named[name].records.get(there)
        return {} if record is None else Store(Path(name)).side_arrays(record, NAMES)

    return curves


def read_summary(folder: Path) -> Summary:
    """Return the summary of a run's folder."""
    return read([folder]).summary


def _read(folder: Path, filters: Sequence[str], tell: Tell) -> tuple[Run, Found]:
    store = Store(folder)
    lines = read_lines(store.records_path, lambda done, total: tell("reading records, MiB", done >> 20, total >> 20))
    records: Mapping[str, Record] = lines.records
    manifest = store.manifest()
    if filters:
        records = chosen(records, filters)
        planned = manifest.get("cells")
        manifest = {**manifest, "cells": None if planned is None else [cell for cell in planned if cell in records]}
    return Run(str(folder), records, manifest), lines


def right_of(store: Store, records: Mapping[str, Record]) -> Right:
    """Return what tells which test images a cell got right: from `right.bin`, or from its side file, read once."""
    kept = Kept(store.folder)
    packed: dict[str, tuple[npt.NDArray[np.uint8], int] | None] = {}

    def right(cell_id: str) -> npt.NDArray[np.bool_] | None:
        record = records.get(cell_id)
        if record is None:
            return None
        found = None if record.right_offset is None else kept.at(record.right_offset, cell_id, record.n_test)
        if found is not None:
            return found
        if cell_id not in packed:
            packed[cell_id] = _from_side_file(store, record)
        bits = packed[cell_id]
        return None if bits is None else np.unpackbits(bits[0], count=bits[1]).view(np.bool_)

    return right


def _from_side_file(store: Store, record: Record) -> tuple[npt.NDArray[np.uint8], int] | None:
    """Return the packed bits of what was right, and their count."""
    arrays = store.side_arrays(record)
    if not {"labels", "predictions"} <= arrays.keys():
        return None
    if len(arrays["labels"]) != len(arrays["predictions"]) or record.n_test not in (None, len(arrays["labels"])):
        return None
    found = arrays["labels"] == arrays["predictions"]
    return np.packbits(found), len(found)


def _at_home(rights: Mapping[str, Right], homes: Mapping[str, tuple[str, str]]) -> Right:
    """Return what asks the run that a cell is of."""

    def right(cell_id: str) -> npt.NDArray[np.bool_] | None:
        if cell_id not in homes:
            return None
        run, there = homes[cell_id]
        return rights[run](there)

    return right


def _of_one_length(right: Right, records: Sequence[Record]) -> Right:
    """Return the same, without what says another number of test images than others of the same test set did."""
    lengths: dict[tuple[str, str | None], int] = {}
    sets = {record.cell_id: (record.dataset, record.test_sha256) for record in records}

    def agreeing(cell_id: str) -> npt.NDArray[np.bool_] | None:
        found = right(cell_id)
        if found is None or cell_id not in sets or lengths.setdefault(sets[cell_id], len(found)) == len(found):
            return found
        return None

    return agreeing


def _told(right: Right, total: int, tell: Tell) -> Right:
    """Return the same, telling how many of the cells have been looked at."""
    seen: set[str] = set()

    def watched(cell_id: str) -> npt.NDArray[np.bool_] | None:
        if cell_id not in seen:
            seen.add(cell_id)
            if len(seen) % EVERY == 0:
                tell("comparing", len(seen), total)
        return right(cell_id)

    return watched
