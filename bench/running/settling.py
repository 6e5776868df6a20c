"""What a suite leaves to this machine: precision, and how many cells run side by side."""

from bench.catalog import EXECUTORS, METHODS
from bench.contracts.data import Places
from bench.errors import BenchError
from bench.machine import devices
from bench.running.jobs import Job
from bench.running.packing import PackingRequest, pack
from bench.running.precision import TrialRequest, known
from bench.running.progress import screen
from bench.schema import Precision, Suite, Training
from bench.suites.plan import count_cells

TRIAL_TIMEOUT_S = 1800.0


def settle(
    suite: Suite, threads: int, places: Places, backbone: str, image_size: int, device: str
) -> tuple[Precision, str]:
    """Return what `precision: auto` stands for, measured in a process of its own where no answer is kept yet."""
    request = TrialRequest(backbone, image_size, device, threads, suite.deterministic, places)
    if (kept := known(request)) is not None:
        return kept.precision, kept.reason
    # there, since torch's switches and threads must not be set in this process, which never imports it
    executor = EXECUTORS.entry("process").load()()
    with screen() as shown:
        shown.say(f"{backbone}: does bfloat16 pay on this machine? (measured once)")
        jobs = [Job("bench.running.precision:settle", request, TRIAL_TIMEOUT_S)]
        outcomes = executor.run(jobs, lambda _, what, done, total: shown.working(what, done, total))
        outcome = next(outcome for _, outcome in outcomes)
        executor.close()
    if outcome.ended is not None:
        raise BenchError(f"precision auto of {backbone}: {outcome.reason}; write precision: [fp32]")
    return outcome.value.precision, outcome.value.reason


def workers_for(suite: Suite, places: Places) -> int:
    """Return how many cells do most side by side: of frozen features one on each core, else a trial tells.

    Never more than there are, so that few cells have several threads each.
    """
    cores, cells = devices.cores(), count_cells(suite)
    if suite.threads is not None:
        # a single cell runs alone, so that its throughput is published
        return max(1, min(cores // suite.threads, cells))
    most = min(cores, cells)
    # cells on one GPU would share its units and hold its memory several times
    if most == 1 or devices.resolve(suite.grids[0].devices[0]) != "cpu":
        return 1
    if any(_trains(method.name) for grid in suite.grids for method in grid.methods):
        return _pack_by_trial(suite, most, places)
    with screen() as shown:
        shown.say(f"--workers {most}: cells of frozen features, which keep one thread busy each")
    return most


def _pack_by_trial(suite: Suite, most: int, places: Places) -> int:
    """Return how many cells train best side by side, by a trial of the suite's first backbone."""
    grid, cores = suite.grids[0], devices.cores()
    batch_size = int(suite.train.get("batch_size", Training.batch_size))
    request = PackingRequest(grid.backbones[0], suite.image_size, batch_size, cores)
    alone, beside = (EXECUTORS.entry("process").load()(workers) for workers in (1, cores))
    with screen() as shown:
        found = pack(request, places, alone, beside)
        workers = min(most, found.workers)
        shown.say(f"--workers {workers}: {found.reason} ({request.backbone})")
    return workers


def _trains(method: str) -> bool:
    """Say whether a method's steps are on the network itself; a method whose extra is missing makes none."""
    entry = METHODS.entry(method)
    return entry.lacks is None and entry.load().cost != "features"
