"""Runs the cells of a suite that the store lacks, and appends each record as it comes."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bench.contracts import CellJob, CellResult, Executor, Job, Outcome, Places
from bench.data.transforms import Geometry
from bench.errors import BenchError, Exit, InvalidData
from bench.plan import Speed, extraction_price, price
from bench.prepare import (
    DataRequest,
    ReadyData,
    ReadyWeights,
    WeightsRequest,
)
from bench.resume import Asked, remaining
from bench.schema import Cell, Record, Status, content_hash, identity_fields
from bench.store import Store, Writer

PREPARATION_TIMEOUT_S = 24 * 3600.0
STATUS_OF: Mapping[str, Status] = {
    "unavailable": "skipped",
    "invalid": "failed",
    "raised": "failed",
    "killed": "failed",
    "timeout": "timeout",
    "oom": "oom",
    "diverged": "diverged",
}


class Screen(Protocol):
    """What a person sees while cells run."""

    def say(self, line: str) -> None:
        """Show one line."""

    def working(self, what: str, done: int, total: int) -> None:
        """Show how far a preparation is."""

    def expect(self, cells: Sequence[Cell], seconds: Mapping[str, float], shared_s: float) -> None:
        """Say what is to come: the cells, the price of each by its id, and what they share."""

    def cell(self, cell: Cell, what: str, done: int, total: int) -> None:
        """Show how far a cell is."""

    def done(self, cell: Cell, record: Record) -> None:
        """Show that a cell has ended."""


@dataclass(frozen=True)
class Ready:
    """All that the cells share, by what they ask for; a text in place of a value says why it can't be had."""

    weights: Mapping[Any, ReadyWeights | str]
    data: Mapping[Any, ReadyData | str]


@dataclass(frozen=True)
class RunResult:
    """What a run did."""

    ran: int
    resumed: int
    unfinished: tuple[Record, ...]
    """Records of this plan whose status is not `ok`."""

    @property
    def exit_code(self) -> Exit:
        """Well only where every cell asked for has its number."""
        return Exit.CELLS_FAILED if self.unfinished else Exit.OK


def run(
    cells: Sequence[Cell], store: Store, asked: Asked, executor: Executor, screen: Screen, manifest: Mapping[str, Any]
) -> RunResult:
    """Run what is missing among `cells` and return what came of it."""
    with store.writing() as writer:
        todo = remaining(cells, store.records(), asked)
        keep_manifest(store, manifest)
        if todo:
            screen.say(f"{len(cells) - len(todo)} of {len(cells)} cells are done; {len(todo)} to run")
            ready = prepare(todo, asked.places, executor, screen)
            _expect(todo, ready, screen)
            jobs = _start(todo, ready, asked.places, executor, writer, screen)
            _run_cells(jobs, ready, executor, writer, screen, store)
    records = store.records()
    mine = [records[cell.cell_id] for cell in cells if cell.cell_id in records]
    return RunResult(len(todo), len(cells) - len(todo), tuple(record for record in mine if record.status != "ok"))


def keep_manifest(store: Store, manifest: Mapping[str, Any], environments: Mapping[str, Any] | None = None) -> None:
    """Bring the manifest up to date; environments that records point to are kept."""
    known = store.manifest()
    kept = {**known.get("environments", {}), **(environments or {})}
    store.write_manifest({**known, **manifest, "environments": kept})


def weights_key(cell: Cell) -> tuple[Any, ...]:
    """What cells that share initial weights have in common."""
    return cell.backbone, cell.weights, cell.device, cell.precision, cell.image_size, cell.threads


def data_key(cell: Cell, weights: ReadyWeights) -> tuple[Any, ...]:
    """What cells that share pixels have in common."""
    return cell.dataset.label, Geometry.of(weights.input, cell.image_size), cell.limit


def prepare(cells: Sequence[Cell], places: Places, executor: Executor, screen: Screen) -> Ready:
    """Have the weights and the data of all cells, one preparation for each, in processes of their own."""
    wanted = {weights_key(cell): cell for cell in cells}
    weights: dict[Any, Any] = {}
    for key, cell in wanted.items():
        request = WeightsRequest(
            cell.backbone,
            cell.weights,
            cell.image_size,
            cell.training.batch_size,
            cell.device,
            cell.precision,
            cell.threads,
            cell.deterministic,
            places,
        )
        weights[key] = _one(
            executor,
            Job("bench.prepare:prepare_weights", request, PREPARATION_TIMEOUT_S),
            screen,
            f"{cell.backbone} ({cell.weights})",
        )
    data: dict[Any, Any] = {}
    for cell in cells:
        found = weights[weights_key(cell)]
        if isinstance(found, ReadyWeights) and data_key(cell, found) not in data:
            geometry = Geometry.of(found.input, cell.image_size)
            job = Job(
                "bench.prepare:prepare_data",
                DataRequest(cell.dataset, geometry, cell.limit, places),
                PREPARATION_TIMEOUT_S,
            )
            data[data_key(cell, found)] = ready = _one(executor, job, screen, cell.dataset.label)
            _announce(ready, cell, screen)
    return Ready(weights, data)


def _announce(ready: ReadyData | str, cell: Cell, screen: Screen) -> None:
    if isinstance(ready, str):
        return
    counts = ready.class_counts
    spread = f"{min(counts.values())} to {max(counts.values())} training images each"
    names = ", ".join(list(counts)[:10]) + (", ..." if len(counts) > 10 else "")
    screen.say(
        f"{cell.dataset.label}: {ready.train_images} training and {ready.test_images} test images, "
        f"{len(counts)} classes ({names}), {spread}"
    )
    for note in ready.notes:
        screen.say(f"{cell.dataset.label}: {note}")


def _one(executor: Executor, job: Job, screen: Screen, what: str) -> Any:
    """Return what a preparation gives, or why it can't be had; data and files that are broken stop the run."""
    screen.working(f"preparing {what}", 0, 1)
    for _, outcome in executor.run([job], lambda _, step, done, total: screen.working(step, done, total)):
        if outcome.ended is None:
            return outcome.value
        reason = outcome.reason or "no reason given"
        if outcome.ended == "unavailable":
            screen.say(f"skipped: {reason}")
            return reason
        if outcome.ended == "invalid":
            raise InvalidData(reason)
        raise BenchError(f"{what} can't be prepared: {reason}\n{outcome.traceback or ''}".rstrip())
    raise AssertionError("an executor gives each job an outcome")


def _expect(cells: Sequence[Cell], ready: Ready, screen: Screen) -> None:
    prices: dict[str, float] = {}
    shared = 0.0
    for key, weights in ready.weights.items():
        mine = [cell for cell in cells if weights_key(cell) == key]
        if isinstance(weights, str) or not mine:
            continue
        data = ready.data[data_key(mine[0], weights)]
        if isinstance(data, str):
            continue
        speed = Speed(
            weights.step_s, weights.forward_s, mine[0].training.batch_size, data.train_images, data.test_images
        )
        prices |= {cell.cell_id: price(cell, speed) for cell in mine}
        shared += extraction_price(mine, speed)
    screen.expect(cells, prices, shared)


def _start(
    cells: Sequence[Cell], ready: Ready, places: Places, executor: Executor, writer: Writer, screen: Screen
) -> list[tuple[Cell, CellJob]]:
    """Return the jobs of the cells that have what they need; the others get their record at once."""
    jobs = []
    for cell in cells:
        weights = ready.weights[weights_key(cell)]
        data = weights if isinstance(weights, str) else ready.data[data_key(cell, weights)]
        if isinstance(weights, str) or isinstance(data, str):
            record = Record(
                **identity_fields(cell), status="skipped", reason=str(data), executor=executor.name, started_at=now()
            )
            writer.append(record)
            screen.done(cell, record)
        else:
            workers = getattr(executor, "workers", 1)
            jobs.append((cell, CellJob(cell, data.decoded, data.fingerprint, weights.file, places, workers)))
    return jobs


def _run_cells(
    jobs: Sequence[tuple[Cell, CellJob]], ready: Ready, executor: Executor, writer: Writer, screen: Screen, store: Store
) -> None:
    licences = {data.fingerprint: data.license for data in ready.data.values() if isinstance(data, ReadyData)}
    environments = {
        content_hash(weights.environment)[:12]: weights.environment
        for weights in ready.weights.values()
        if isinstance(weights, ReadyWeights)
    }
    keep_manifest(store, {}, environments)
    env_of = {
        key: content_hash(weights.environment)[:12]
        for key, weights in ready.weights.items()
        if isinstance(weights, ReadyWeights)
    }
    started = now()
    calls = [Job("bench.cell:run_cell", job, cell.timeout_s) for cell, job in jobs]
    report = _reporter([cell for cell, _ in jobs], screen)
    for position, outcome in executor.run(calls, report):
        cell, job = jobs[position]
        base = {
            **identity_fields(cell),
            "executor": executor.name,
            "started_at": started,
            "env": env_of[weights_key(cell)],
            "dataset_license": licences[job.data_fingerprint],
            "workers": job.workers,
        }
        record = to_record(base, job, outcome, writer)
        writer.append(record)
        screen.done(cell, record)
        started = now()


def _reporter(cells: Sequence[Cell], screen: Screen) -> Callable[[int, str, int, int], None]:
    return lambda position, what, done, total: screen.cell(cells[position], what, done, total)


def to_record(base: Mapping[str, Any], job: CellJob, outcome: Outcome, writer: Writer) -> Record:
    """Return the record of an outcome; its bulk goes to a side file."""
    if outcome.ended is None:
        result: CellResult = outcome.value
        side_file = writer.write_side_file(str(base["cell_id"]), result.arrays)
        return Record(**{**base, **result.fields}, status="ok", reason=None, side_file=side_file)
    fingerprints: dict[str, Any] = {
        "dataset_fingerprint": job.data_fingerprint,
        "weights_fingerprint": job.weights.fingerprint,
        "weights_sha256": job.weights.sha256,
        "weights_source": job.weights.source,
    }
    return Record(
        **base, **fingerprints, status=STATUS_OF[outcome.ended], reason=outcome.reason, traceback=outcome.traceback
    )


def now() -> str:
    """Return the time as ISO 8601 in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
