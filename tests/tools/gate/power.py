"""What duels would say, by recorded restarts drawn again: `python -m tests.tools.gate.power [--duels 2000]`.

Whole restarts are drawn, so that what workloads of one restart share stays with them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from tabulate import tabulate

from bench.gate.duel.driver import TIME
from bench.gate.duel.sequential import LOOKS, Trial, confirmed, worse
from tests.tools.gate.record import RESTARTS

Restart = Mapping[str, float]
"""Log ratios of one restart by workload."""
CHANGES = (0.03, 0.05, 0.10, 0.20)


@dataclass(frozen=True)
class Found:
    """What became of one simulated duel."""

    restarts: int | None
    """Of the first set, after which the changed workload was called worse; null where it never was."""
    blocked: bool
    """Whether anything was called worse, and again in the second set."""
    known: bool
    """Whether something was known of every workload."""


def simulate(
    restarts: Sequence[Restart], shifts: Mapping[str, float], generator: np.random.Generator, watched: str | None = None
) -> Found:
    """Draw the restarts of one duel whose workloads take so much more, in log."""
    names = list(restarts[0])
    first = _run(restarts, names, shifts, generator)
    again = _run(restarts, worse(first.decided), shifts, generator)
    final = confirmed(first.decided, again.decided)
    seen = first.decided[watched] if watched else None
    return Found(
        restarts=seen.effect.restarts if seen is not None and seen.word == "worse" else None,
        blocked=bool(worse(final)) if watched is None else final[watched].word == "worse",
        known=all(decision.word != "unknown" for decision in final.values()),
    )


def _run(
    restarts: Sequence[Restart], names: Sequence[str], shifts: Mapping[str, float], generator: np.random.Generator
) -> Trial:
    trial = Trial(names)
    while trial.open:
        drawn = restarts[int(generator.integers(len(restarts)))]
        trial.add({name: drawn[name] + shifts.get(name, 0.0) for name in trial.open})
    return trial


def false_alarms(restarts: Sequence[Restart], duels: int, generator: np.random.Generator) -> tuple[float, float]:
    """Return the share of duels of equals that block, and of those that end without knowing."""
    found = [simulate(restarts, {}, generator) for _ in range(duels)]
    return sum(each.blocked for each in found) / duels, sum(not each.known for each in found) / duels


def power(
    restarts: Sequence[Restart], change: float, duels: int, generator: np.random.Generator
) -> tuple[list[float], float]:
    """Return how often a change of one workload is called worse by each look, and how often it is in both sets.

    The workloads are changed in turn.
    """
    names = list(restarts[0])
    found = []
    for number in range(duels):
        name = names[number % len(names)]
        found.append(simulate(restarts, {name: math.log1p(change)}, generator, name))
    by_look = [sum(each.restarts is not None and each.restarts <= look.restarts for each in found) for look in LOOKS]
    return [count / duels for count in by_look], sum(each.blocked for each in found) / duels


def read(path: Path) -> dict[int, list[Restart]]:
    """Return the recorded restarts by how many busy processes were beside."""
    kinds: dict[int, list[Restart]] = {}
    for line in path.read_text().splitlines():
        restart = json.loads(line)
        kinds.setdefault(restart["busy"], []).append(restart[TIME])
    return kinds


def table(kinds: Mapping[int, Sequence[Restart]], duels: int) -> str:
    """Return spread, false alarms and power as Markdown."""
    rows = []
    for busy, restarts in sorted(kinds.items()):
        generator = np.random.default_rng(0)
        spread = max(float(np.std([each[name] for each in restarts], ddof=1)) for name in restarts[0])
        bias = max((float(np.mean([each[name] for each in restarts])) for name in restarts[0]), key=abs)
        alarms, unknown = false_alarms(restarts, duels, generator)
        said = [f"{busy} busy beside", len(restarts), _percent(spread), _percent(bias), _percent(alarms)]
        powers = [power(restarts, change, duels, generator) for change in CHANGES]
        shown = [" / ".join(f"{100 * each:.0f}" for each in looks) + f"; {100 * both:.0f}" for looks, both in powers]
        rows.append([*said, _percent(unknown), *shown])
    looks = " / ".join(str(look.restarts) for look in LOOKS)
    headers = ["", "restarts", "largest spread", "largest mean", "false alarms", "not known"]
    found = [f"found at {100 * change:.0f} %, by {looks} restarts; in both sets" for change in CHANGES]
    return tabulate(rows, [*headers, *found], tablefmt="github", disable_numparse=True)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


@click.command()
@click.option("--restarts", type=click.Path(path_type=Path, exists=True), default=RESTARTS, show_default=True)
@click.option("--duels", type=click.IntRange(10), default=2000, show_default=True, help="To simulate, of each kind.")
def main(restarts: Path, duels: int) -> None:
    """Print false alarms and power, from recorded restarts."""
    click.echo(table(read(restarts), duels))


if __name__ == "__main__":
    main()
