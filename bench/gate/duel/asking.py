"""From the words of a command to two checkouts, and to what is asked of them."""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import bench
from bench.errors import BenchError, NotComparable
from bench.gate.duel.driver import Request, duel
from bench.gate.duel.interpreters import interpreter
from bench.gate.duel.measured import Duel, Side
from bench.gate.duel.pair import Tell
from bench.gate.duel.verdict import differing
from bench.gate.duel.worktrees import checkouts, repository
from bench.registry import unknown
from bench.suites.suite import suite_path
from bench.suites.workload_suite import WorkloadSuite, read_workload_suite

ACCURACY = "accuracy"
OWN_WORKLOADS = Path(bench.__file__).parent / "gate" / "workloads"


@dataclass(frozen=True)
class Wanted:
    """What a user asks for."""

    suite: str
    base: str
    candidate: str | None
    """Null: the checkout as it lies there."""
    only: tuple[str, ...] = ()
    """Workloads, or `accuracy`; all where none is named."""
    accepted: tuple[str, ...] = ()
    timed: bool = True
    own_workloads: bool = False
    """Whether both sides run the workloads of this very package, whatever the candidate has: a bisection asks the same
    of every commit."""


def run_duel(wanted: Wanted, tell: Tell) -> Duel:
    """Make both checkouts, compare them, and remove them."""
    with checked_out(wanted, tell) as sides:
        return duel(request(wanted, sides), sides, tell)


@contextlib.contextmanager
def checked_out(wanted: Wanted, tell: Tell) -> Iterator[tuple[Side, Side]]:
    """Give base and candidate, each in a checkout of its own and with its Python."""
    versions = (wanted.base, wanted.candidate)
    # two folders can be compared where there is no git at all
    folders = all(version is not None and Path(version).expanduser().is_dir() for version in versions)
    root = Path.cwd() if folders else repository(Path.cwd())
    with checkouts(root, versions) as made:
        pythons = [interpreter(place, tell) for place, _ in made]
        (base, base_name), (candidate, candidate_name) = made
        tell(f"base {base_name}, candidate {candidate_name}")
        yield (
            Side("base", base_name, base, pythons[0]),
            Side("candidate", candidate_name, candidate, pythons[1]),
        )


def request(wanted: Wanted, sides: Sequence[Side]) -> Request:
    """Return what is asked of two sides; raise `NotComparable` where their suites ask for other conditions."""
    suite = _suite(wanted.suite, *sides)
    chosen = _chosen(wanted.only, suite)
    package = sides[1].root / "bench" / "gate" / "workloads"
    return Request(
        suite=suite,
        workloads=tuple(name for name in suite.workloads if name in chosen),
        accuracy=_accuracy(suite, sides[1].root) if ACCURACY in chosen else None,
        package=OWN_WORKLOADS if wanted.own_workloads or not package.is_dir() else package,
        accepted=wanted.accepted,
        timed=wanted.timed,
    )


def _suite(name: str, base: Side, candidate: Side) -> WorkloadSuite:
    """Return the candidate's suite; a base whose suite of that name asks for other conditions is refused."""
    path = _suite_file(name, candidate.root) or suite_path(name)
    suite = read_workload_suite(path)
    of_base = _suite_file(name, base.root)
    if of_base is not None and (others := differing(read_workload_suite(of_base).conditions, suite.conditions)):
        raise NotComparable(f"{path.name}: base and candidate ask for other conditions: {'; '.join(others)}")
    return suite


def _chosen(only: Sequence[str], suite: WorkloadSuite) -> Sequence[str]:
    """Return the workloads of a suite that are wanted, and `accuracy` where that is; other names are refused."""
    known = (*suite.workloads, *([ACCURACY] if suite.accuracy else []))
    for name in only:
        if name not in known:
            raise BenchError(unknown("workload", name, known))
    return only or known


def _suite_file(name: str, root: Path) -> Path | None:
    """Return a side's own file of a suite that is named, where it has one."""
    path = root / "suites" / f"{name}.yaml"
    return path if path.is_file() else None


def _accuracy(suite: WorkloadSuite, root: Path) -> Path:
    assert suite.accuracy is not None
    return _suite_file(suite.accuracy, root) or suite_path(suite.accuracy)


def of_commit(wanted: Wanted, commit: str, workloads: Sequence[str], timed: bool) -> Wanted:
    """Return the same question about another candidate, put to some workloads only."""
    return dataclasses.replace(wanted, candidate=commit, only=tuple(workloads), timed=timed, own_workloads=True)
