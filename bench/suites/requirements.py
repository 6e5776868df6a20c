"""Hashes that a suite demands are of what it names: a slip in a name would demand nothing."""

from collections.abc import Iterable, Iterator

from bench.backbones.sources import is_checkpoint
from bench.registry import unknown
from bench.schema import Grid, Suite
from bench.suites.wording import shortened
from bench.suites.yaml_marks import Marks


def requirement_problems(suite: Suite, marks: Marks) -> list[str]:
    """Return a line for each hash of data or weights that no cell of the suite could have."""
    return [
        *_unknown("data set", suite.required.data, ("require", "data"), _data(suite.grids), marks),
        *_unknown("weights", suite.required.weights, ("require", "weights"), _weights(suite.grids), marks),
    ]


def _unknown(
    kind: str, required: Iterable[str], path: tuple[str, ...], known: Iterable[str], marks: Marks
) -> Iterator[str]:
    there = dict.fromkeys(known)
    for name in required:
        if name not in there:
            said = shortened(unknown(f"{kind} of this suite", name, there), name)
            yield f"{marks.at((*path, name))}: {'.'.join(path)}: {said}"


def _data(grids: Iterable[Grid]) -> Iterator[str]:
    for grid in grids:
        yield from (choice.name for choice in (*grid.datasets, *grid.sources))


def _weights(grids: Iterable[Grid]) -> Iterator[str]:
    """Yield each backbone that starts from a file, and each of its starts: random weights have no hash."""
    for grid in grids:
        for backbone in grid.backbones:
            for weights in grid.weights:
                if weights != "random":
                    yield f"{backbone} {weights}"
                    if from_a_file(weights):
                        yield backbone


def from_a_file(weights: str) -> bool:
    """Say whether weights come from a file of others, and are neither drawn nor trained here."""
    return weights != "random" and ("@" not in weights or is_checkpoint(weights))
