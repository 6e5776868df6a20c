"""Makes ready what cells share, each weights and each data set once, and says what the run will take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.data.transforms import Geometry
from bench.errors import BenchError, InvalidData
from bench.outcomes import Outcome
from bench.records.record import Status
from bench.registry import need
from bench.running.jobs import Executor, Job, Screen
from bench.running.pixels import DataRequest, ReadyData
from bench.running.weights import ReadyWeights, WeightsRequest
from bench.schema import Cell, Choice, Validation
from bench.suites.prices import Speed, cost_of, extraction_price, price, profile_kind, profile_price

TIMEOUT_S = 24 * 3600.0
"""Of one preparation: it may download a data set, or pre-train a network."""
WORTH_TELLING = 0.7
"""Share of a step's time on all threads, below which a step on one thread is worth telling the user of."""


@dataclass(frozen=True)
class Lacking:
    """Why something can't be had; the records of the cells that need it say the same."""

    status: Status
    reason: str
    traceback: str | None = None


@dataclass(frozen=True)
class Supplies:
    """What a cell runs with."""

    weights: ReadyWeights
    data: ReadyData
    source: ReadyData | None


@dataclass(frozen=True)
class Ready:
    """All that the cells share, by what they ask for."""

    weights: Mapping[Any, ReadyWeights | Lacking]
    data: Mapping[Any, ReadyData | Lacking]

    def of(self, cell: Cell) -> Supplies | Lacking:
        """Return what a cell needs, or why it can't be had."""
        if (extra := METHODS.entry(cell.method.name).lacks) is not None:
            return Lacking("skipped", need(extra, cell.method.name))
        weights = self.weights[weights_key(cell)]
        if isinstance(weights, Lacking):
            return weights
        found = [self.data[data_key(choice, cell, weights)] for choice in data_of(cell)]
        lacking = next((each for each in found if isinstance(each, Lacking)), None)
        if lacking is not None:
            return lacking
        target, *source = [each for each in found if isinstance(each, ReadyData)]
        return Supplies(weights, target, source[0] if source else None)


def weights_key(cell: Cell) -> tuple[Any, ...]:
    """Return what cells that share initial weights have in common, and the machine's speed with them."""
    return cell.backbone, cell.weights, cell.device, cell.precision, cell.image_size, cell.threads


def data_of(cell: Cell) -> tuple[Choice, ...]:
    """Return the data sets that a cell needs: its own, and the source domain where it has one."""
    return (cell.dataset,) if cell.source is None else (cell.dataset, cell.source)


def data_key(dataset: Choice, cell: Cell, weights: ReadyWeights) -> tuple[Any, ...]:
    """Return what cells that share pixels have in common."""
    return dataset.label, Geometry.of(weights.input, cell.image_size), cell.limit, _validation(dataset, cell)


def _validation(dataset: Choice, cell: Cell) -> Validation:
    """Return what selects among a data set's images: of a source domain nothing else than a part of them."""
    return cell.validation if dataset == cell.dataset else "budget"


def provide(cells: Sequence[Cell], places: Places, executor: Executor, screen: Screen) -> Ready:
    """Make ready the weights and the data of all cells.

    What can't be had, or doesn't work, is noted for the cells that need it. Data that is there but broken raises
    `InvalidData`: the user mends it before any cell runs.
    """
    weights = _provide_weights(cells, places, executor, screen)
    return Ready(weights, _provide_data(cells, weights, places, executor, screen))


def _provide_weights(
    cells: Sequence[Cell], places: Places, executor: Executor, screen: Screen
) -> dict[Any, ReadyWeights | Lacking]:
    weights: dict[Any, ReadyWeights | Lacking] = {}
    sharing: dict[Any, list[Cell]] = {}
    for cell in cells:
        sharing.setdefault(weights_key(cell), []).append(cell)
    for key, mine in sharing.items():
        trains = any(cost_of(cell) != "features" for cell in mine)
        job = Job("bench.running.weights:prepare_weights", _request(mine[0], places, trains), TIMEOUT_S)
        outcome = _do(executor, job, screen, f"{mine[0].backbone} ({mine[0].weights})")
        weights[key] = (
            _ready_weights(outcome.value, mine[0], screen) if outcome.ended is None else _lacking(outcome, screen)
        )
    return weights


def _provide_data(
    cells: Sequence[Cell],
    weights: Mapping[Any, ReadyWeights | Lacking],
    places: Places,
    executor: Executor,
    screen: Screen,
) -> dict[Any, ReadyData | Lacking]:
    data: dict[Any, ReadyData | Lacking] = {}
    for cell in cells:
        found = weights[weights_key(cell)]
        if isinstance(found, Lacking):
            continue  # how images are prepared is told by the weights
        for dataset in data_of(cell):
            key = data_key(dataset, cell, found)
            if key not in data:
                request = DataRequest(
                    dataset, Geometry.of(found.input, cell.image_size), cell.limit, places, _validation(dataset, cell)
                )
                job = Job("bench.running.pixels:prepare_data", request, TIMEOUT_S)
                data[key] = _ready_data(_do(executor, job, screen, dataset.label), dataset, cell, screen)
    return data


def _request(cell: Cell, places: Places, trains: bool) -> WeightsRequest:
    return WeightsRequest(
        backbone=cell.backbone,
        weights=cell.weights,
        image_size=cell.image_size,
        batch_size=cell.training.batch_size,
        device=cell.device,
        precision=cell.precision,
        threads=cell.threads,
        deterministic=cell.deterministic,
        places=places,
        trains=trains,
    )


def _do(executor: Executor, job: Job, screen: Screen, what: str) -> Outcome:
    screen.working(f"preparing {what}", 0, 1)
    outcomes = executor.run([job], lambda _, step, done, total: screen.working(step, done, total))
    return next(outcome for _, outcome in outcomes)


def _ready_weights(ready: ReadyWeights, cell: Cell, screen: Screen) -> ReadyWeights:
    """Return the weights, and tell the user what is to be known of them, and where one thread would be faster."""
    # told and not done: the suite decides on threads, since cells of other threads are other cells
    if ready.single_s is not None and ready.single_s < WORTH_TELLING * ready.step_s:
        on_one, on_all = (f"{1000 * seconds:.0f} ms" for seconds in (ready.single_s, ready.step_s))
        screen.say(
            f"{cell.backbone}: a training step took {on_one} on one thread and {on_all} on {cell.threads}; "
            f"threads: 1 in the suite would be faster"
        )
    for note in ready.notes:
        screen.say(f"{cell.backbone} ({cell.weights}): {note}")
    return ready


def _lacking(outcome: Outcome, screen: Screen) -> Lacking:
    status: Status = "skipped" if outcome.ended == "unavailable" else "failed"
    reason = outcome.reason or "no reason given"
    screen.say(f"{status}: {reason}")
    return Lacking(status, reason, outcome.traceback)


def _ready_data(outcome: Outcome, dataset: Choice, cell: Cell, screen: Screen) -> ReadyData | Lacking:
    if outcome.ended == "unavailable":
        return _lacking(outcome, screen)
    if outcome.ended == "invalid":
        raise InvalidData(outcome.reason or "")
    if outcome.ended is not None:
        raise BenchError(f"{dataset.label} can't be prepared: {outcome.reason}")
    ready: ReadyData = outcome.value
    _describe(ready, dataset, cell, screen)
    return ready


def _describe(ready: ReadyData, dataset: Choice, cell: Cell, screen: Screen) -> None:
    """Tell the user what a data set turned out to be."""
    counts = ready.class_counts
    names = ", ".join(list(counts)[:10]) + (", ..." if len(counts) > 10 else "")
    screen.say(
        f"{dataset.label} at {cell.image_size} px: {ready.train_images} training and {ready.test_images} test "
        f"images, {len(counts)} classes ({names}), {min(counts.values())} to {max(counts.values())} to train on each"
    )
    asked = cell.budget
    if asked.kind == "labels_per_class" and asked.value > min(counts.values()):
        screen.say(f"{asked.label}: a class with fewer training images gives what it has")
    for note in ready.notes:
        screen.say(f"{dataset.label}: {note}")


def announce(cells: Sequence[Cell], ready: Ready, workers: int, screen: Screen) -> None:
    """Tell the screen what each cell that can run is expected to take, and all of them for what they share."""
    prices: dict[str, float] = {}
    kinds: set[tuple[Any, ...]] = set()
    sharing: dict[Any, tuple[Speed, list[Cell]]] = {}
    for cell in cells:
        found = ready.of(cell)
        if isinstance(found, Lacking):
            continue
        weights, data = found.weights, found.data
        batch = cell.training.batch_size
        speed = Speed(weights.step_s, weights.forward_s, batch, data.train_images, data.test_images)
        prices[cell.cell_id] = price(cell, speed)
        kind = (cell.dataset.label, cell.backbone, *profile_kind(cell, data.train_images))
        if workers == 1 and kind not in kinds:
            kinds.add(kind)  # the first of its kind is profiled for all, and pays for it
            prices[cell.cell_id] += profile_price([cell], speed)
        sharing.setdefault((weights_key(cell), cell.dataset.label), (speed, []))[1].append(cell)
    screen.expect(cells, prices, sum(extraction_price(mine, speed) for speed, mine in sharing.values()))
