"""An executor that is not the project's own: what it may do wrong is told in a line, and no job gets lost by it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from bench.catalog import EXECUTORS
from bench.errors import BenchError
from bench.modules import guarded
from bench.outcomes import Outcome
from bench.running.jobs import Executor, Job


class OwnExecutor:
    """Stands before a user's executor and looks at what comes of it."""

    def __init__(self, name: str, workers: int) -> None:
        made = EXECUTORS.entry(name).call(workers)
        self.target = name
        self.name: str = made.name
        self.workers: int = getattr(made, "workers", None) or 0
        if not isinstance(self.workers, int) or self.workers < 1:
            raise BenchError(f"executor {name}: its workers are no number from 1; set self.workers where it is made")
        self._made = made

    def run(self, jobs: Sequence[Job], progress: Callable[[int, str, int, int], None]) -> Iterator[tuple[int, Outcome]]:
        """Yield the position of each job and its outcome, once each; raise `BenchError` where one is missing."""
        missing = set(range(len(jobs)))
        outcomes = self._guarded(lambda: iter(self._made.run(jobs, progress)))
        while (found := self._guarded(lambda: next(outcomes, None))) is not None:
            position, outcome = self._guarded(lambda: _outcome(found))
            if position not in missing:
                raise BenchError(f"executor {self.target}: a second outcome of job {position}, or of none; mend it")
            missing.remove(position)
            yield position, outcome
        if missing:
            raise BenchError(f"executor {self.target}: no outcome of {len(missing)} of {len(jobs)} jobs; mend it")

    def close(self) -> None:
        """End whatever still runs."""
        self._guarded(self._made.close)

    def _guarded(self, work: Callable[[], Any]) -> Any:
        return guarded(f"executor {self.target}", work)


def _outcome(found: Any) -> tuple[int, Outcome]:
    position, outcome = found
    if not isinstance(outcome, Outcome):
        raise TypeError(f"an outcome is a bench.outcomes.Outcome, this is {type(outcome).__name__}")
    return int(position), outcome


def executor_of(name: str, workers: int) -> Executor:
    """Return the executor of a name with so many workers."""
    entry = EXECUTORS.entry(name)
    made: Any = entry.call(workers) if entry.fault is None else OwnExecutor(name, workers)
    return cast(Executor, made)
