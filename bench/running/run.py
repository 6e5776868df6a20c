"""Runs the cells of a suite that the store lacks, and appends each record as it comes."""

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cell.job import CellJob, CellResult
from bench.contracts.data import Places
from bench.errors import Exit
from bench.outcomes import Outcome
from bench.records.field_types import problem_of
from bench.records.identity import identity_fields
from bench.records.record import Record, Status
from bench.records.store import Store, Writer
from bench.running.jobs import Executor, Job, Screen
from bench.running.provision import Lacking, Supplies, announce, provide
from bench.running.required import refuse_others, refuse_results_of_others
from bench.running.resume import Asked, remaining
from bench.running.weights import ReadyWeights
from bench.schema import Cell, content_hash

STATUS_OF: Mapping[str, Status] = {
    "unavailable": "skipped",
    "invalid": "failed",
    "raised": "failed",
    "killed": "failed",
    "timeout": "timeout",
    "oom": "oom",
    "diverged": "diverged",
}


@dataclass(frozen=True)
class RunResult:
    """What a run did."""

    ran: int
    """Cells that ran now and have their number."""
    failed: int
    """Cells that ran now and have none."""
    skipped: int
    """Cells that could not be tried now."""
    resumed: int
    """Cells that earlier runs left a record of, with its number or without."""
    unfinished: tuple[Record, ...]
    """Records of the cells asked for whose status is not `ok`."""

    @property
    def left_without(self) -> int:
        """Cells that an earlier run left without a number, and that were not tried again."""
        return len(self.unfinished) - self.failed - self.skipped

    @property
    def exit_code(self) -> Exit:
        """`OK` only where every cell asked for has its number."""
        return Exit.CELLS_FAILED if self.unfinished else Exit.OK


@dataclass(frozen=True)
class Runnable:
    """A cell with all it needs."""

    cell: Cell
    supplies: Supplies


def run(
    cells: Sequence[Cell], store: Store, asked: Asked, executor: Executor, screen: Screen, manifest: Mapping[str, Any]
) -> RunResult:
    """Run what is missing among `cells` and return what came of it."""
    with store.writing() as writer:
        there = store.records()
        todo = remaining(cells, there, asked)
        again = {cell.cell_id for cell in todo}
        refuse_results_of_others(asked.required, [cell for cell in cells if cell.cell_id not in again], there)
        store.update_manifest(manifest)
        if todo:
            screen.say(f"{len(cells) - len(todo)} of {len(cells)} cells are done; {len(todo)} to run")
            ready = provide(todo, asked.places, executor, screen)
            refuse_others(asked.required, todo, ready)
            announce(todo, ready, executor.workers, screen)
            runnable = []
            for cell in todo:
                found = ready.of(cell)
                if isinstance(found, Lacking):
                    _finish(cell, _without(cell, found, executor), writer, screen)
                else:
                    runnable.append(Runnable(cell, found))
            _run_all(runnable, asked, executor, writer, screen, store)
    # read again: records of earlier runs count for the cells asked for as well
    records = store.records()
    mine = [records[cell.cell_id] for cell in cells if cell.cell_id in records]
    ended = Counter(records[cell.cell_id].status for cell in todo)
    return RunResult(
        ran=ended["ok"],
        failed=ended.total() - ended["ok"] - ended["skipped"],
        skipped=ended["skipped"],
        resumed=len(cells) - len(todo),
        unfinished=tuple(record for record in mine if record.status != "ok"),
    )


def _finish(cell: Cell, record: Record, writer: Writer, screen: Screen) -> None:
    # on the disk before anything else happens: a run that is killed loses the cell it was at, no more
    writer.append(record)
    screen.done(cell, record)


def _without(cell: Cell, lacking: Lacking, executor: Executor) -> Record:
    """Return the record of a cell that could not be tried."""
    return Record(
        **identity_fields(cell),
        status=lacking.status,
        reason=lacking.reason,
        traceback=lacking.traceback,
        executor=executor.name,
        finished_at=now(),
    )


def _run_all(
    runnable: Sequence[Runnable], asked: Asked, executor: Executor, writer: Writer, screen: Screen, store: Store
) -> None:
    # in the manifest before a record points to them
    environments = {env_key(each.supplies.weights): each.supplies.weights.environment for each in runnable}
    store.update_manifest({}, environments)
    # absolute, since a cell's process may stand in another folder
    profiles = store.folder.resolve() / "profiles"
    payloads = [cell_job(each.cell, each.supplies, asked.places, executor.workers, profiles) for each in runnable]
    function = "bench.cell.cell:run_alone" if asked.alone else "bench.cell.cell:run_cell"
    jobs = [Job(function, payload, payload.cell.timeout_s) for payload in payloads]

    def report(position: int, what: str, done: int, total: int) -> None:
        screen.cell(payloads[position].cell, what, done, total)

    for position, outcome in executor.run(jobs, report):
        each, payload = runnable[position], payloads[position]
        base = {
            **identity_fields(each.cell),
            "executor": executor.name,
            "workers": executor.workers,
            "finished_at": now(),
            "env": env_key(each.supplies.weights),
            "dataset_license": each.supplies.data.license,
            "dataset_notes": list(each.supplies.data.notes),
        }
        _finish(each.cell, to_record(base, payload, outcome, writer), writer, screen)


def cell_job(cell: Cell, supplies: Supplies, places: Places, workers: int, profiles: Path | None) -> CellJob:
    """Return a cell with what was made ready for it."""
    source = supplies.source
    return CellJob(
        cell=cell,
        data=supplies.data.decoded,
        data_fingerprint=supplies.data.fingerprint,
        weights=supplies.weights.file,
        places=places,
        workers=workers,
        source=source.decoded if source else None,
        source_fingerprint=source.fingerprint if source else None,
        profiles=profiles,
        learnt_from=supplies.weights.learnt_from,
        duplicates=supplies.data.duplicates,
        own_validation=supplies.data.own_validation,
    )


def env_key(weights: ReadyWeights) -> str:
    """Return the environment's key in the manifest."""
    return content_hash(weights.environment)[:12]


def to_record(base: Mapping[str, Any], job: CellJob, outcome: Outcome, writer: Writer) -> Record:
    """Return the record of an outcome; its bulk goes to a side file."""
    if outcome.ended is None:
        result: CellResult = outcome.value
        cell_id, arrays = str(base["cell_id"]), result.arrays
        kept = {
            "side_file": writer.write_side_file(cell_id, arrays),
            "right_offset": writer.append_right(cell_id, arrays["labels"] == arrays["predictions"]),
        }
        return _readable(Record(**{**base, **result.fields, **kept}, status="ok", reason=None), base)
    fingerprints: dict[str, Any] = {
        "dataset_fingerprint": job.data_fingerprint,
        "weights_fingerprint": job.weights.fingerprint,
        "weights_sha256": job.weights.sha256,
        "weights_source": job.weights.source,
        "source_fingerprint": job.source_fingerprint,
    }
    ended = {"status": STATUS_OF[outcome.ended], "reason": outcome.reason, "traceback": outcome.traceback}
    return Record(**{**base, **fingerprints, **ended})


def _readable(record: Record, base: Mapping[str, Any]) -> Record:
    """Return a record, or in its place one of a failed cell where reports would refuse it: it must not look done."""
    why = problem_of(record.to_json())
    if why is None:
        return record
    reason = f"what was measured makes no record: {why}; mend the probe or the method"
    return Record(**base, status="failed", reason=reason)


def now() -> str:
    """Return the time as ISO 8601 in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
