"""Which commit made it worse: a binary search by duels, all against the same good commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.errors import BenchError, Exit
from bench.gate.duel.asking import ACCURACY, Wanted, of_commit, run_duel
from bench.gate.duel.measured import Duel, Finding
from bench.gate.duel.pair import Tell
from bench.gate.duel.worktrees import commit_of, git, repository

Answer = Literal["good", "bad", "skip"]
Quantity = tuple[str, str]
"""A workload and what of it became worse."""


class NothingWorse(BenchError):
    """The bad commit is not worse than the good one, as far as is known."""

    exit_code = Exit.NOTHING_COMPARED


@dataclass(frozen=True)
class Culprit:
    """Where it became worse."""

    commits: tuple[str, ...]
    """The first bad one; before it those that could not be compared, any of which it may be as well."""
    quantities: tuple[Quantity, ...]
    asked: int
    """How many commits were compared."""


def search(commits: Sequence[str], judge: Callable[[str], Answer]) -> tuple[tuple[str, ...], int]:
    """Return the first bad commit, last in a tuple, and how many commits were judged.

    The commits come oldest first, and the last one is known to be bad. Those right before the first bad one that can't
    be judged stand before it.
    """
    good, bad = -1, len(commits) - 1
    skipped: set[int] = set()
    judged = 0
    while between := [place for place in range(good + 1, bad) if place not in skipped]:
        place = min(between, key=lambda each: abs(2 * each - good - bad))  # nearest to the middle: others were skipped
        answer = judge(commits[place])
        judged += 1
        if answer == "good":
            good = place
        elif answer == "bad":
            bad = place
        else:
            skipped.add(place)
    return tuple(commits[good + 1 : bad + 1]), judged


def find_culprit(wanted: Wanted, bad: str, tell: Tell) -> Culprit:
    """Find the first commit after the base that is worse than it; raise `NothingWorse` where `bad` is not."""
    root = repository(Path.cwd())
    listed = _between(root, wanted.base, bad)
    tell(f"{len(listed)} commits; is {bad} worse at all?")
    found = run_duel(of_commit(wanted, listed[-1], wanted.only, True), tell)
    worse = _strongest([each for each in found.findings if each.word == "worse"])
    if not worse:
        raise NothingWorse(f"--bisect {wanted.base} {bad}: nothing is known to be worse; there is nothing to look for")
    quantities = tuple((each.workload, each.quantity) for each in worse)
    timed = any(map(_takes_restarts, worse))
    workloads = tuple(dict.fromkeys(each.workload for each in worse))

    def judge(commit: str) -> Answer:
        tell(f"{commit[:12]}: {' and '.join(workloads)}")
        try:
            answer = verdict(run_duel(of_commit(wanted, commit, workloads, timed), tell), quantities)
        except BenchError as error:
            tell(f"{commit[:12]} can't be compared: {error}")
            return "skip"
        tell(f"{commit[:12]} is {'not known' if answer == 'skip' else answer}")
        return answer

    commits, judged = search(listed, judge)
    return Culprit(commits, quantities, judged)


def _between(root: Path, good: str, bad: str) -> list[str]:
    """Return the commits after a good one up to a bad one, oldest first, by first parents; no commits are refused."""
    last, first = commit_of(root, bad), commit_of(root, good)
    listed = git(root, "rev-list", "--first-parent", "--reverse", f"{first}..{last}").decode().split()
    if not listed:
        raise BenchError(f"--bisect {good} {bad}: no commits from the first to the second; name the older first")
    return listed


def _takes_restarts(finding: Finding) -> bool:
    return finding.tier in ("time", "waiting") or finding.quantity == "peak_memory"


def _strongest(worse: Sequence[Finding]) -> list[Finding]:
    """Return what was counted, which takes seconds and has no noise; where nothing was, all that is worse."""
    counted = [each for each in worse if each.samples is None and each.tier != "waiting" and each.workload != ACCURACY]
    return counted or list(worse)


def verdict(found: Duel, quantities: Sequence[Quantity]) -> Answer:
    """Say what a duel tells of a commit: bad where a quantity is worse, good where each is known not to be."""
    words = {(each.workload, each.quantity): each.word for each in found.findings}
    mine = [words.get(quantity, "unknown") for quantity in quantities]
    if "worse" in mine:
        return "bad"
    return "skip" if "unknown" in mine else "good"
