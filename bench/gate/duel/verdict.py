"""From what was counted and measured to findings, and to the exit code. Pure."""

import fnmatch
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.special import stdtr, stdtrit

from bench.errors import Exit
from bench.gate.duel.measured import Counts, Duel, Finding, Tier, Waits, Word
from bench.gate.duel.sequential import Decision

ASLEEP_SHARE = 0.02
"""Of a unit's processor time: a unit that sleeps this much longer waits for something new."""
CHANCE_SWITCHES = 4
"""Threads that hand work to one another give their processor up a few times more or less."""
LOSS_FLOOR = 0.01
"""Of accuracy: a smaller loss is no finding, however certain."""
LOSS_SAME = 0.02
"""Two versions are the same where the 95 % bound of a loss stays under this."""
LOSS_LEVEL = 0.01


@dataclass(frozen=True)
class Rule:
    """How much a counter may grow."""

    tier: Tier
    share: float = 0.0
    amount: float = 0.0
    """In the counter's own unit."""


# exact counts may not grow at all; Python's calls and torch's allocations are nearly exact
RULES: Mapping[str, Rule] = {
    "operators": Rule("work"),
    "flop": Rule("work"),
    "bytes_written": Rule("work"),
    "bytes_saved_for_backward": Rule("work"),
    "host_synchronisations": Rule("work"),
    "channels_first_operands": Rule("work"),
    "parameters": Rule("work"),
    "python_calls": Rule("work", share=0.02),
    "bytes_allocated": Rule("memory", share=0.01),
    "peak_bytes": Rule("memory", share=0.01),
    "leaked_tensor_bytes": Rule("leak", amount=1024),
    "leaked_python_bytes": Rule("leak", amount=16 * 1024),
}


def of_counts(workload: str, base: Counts, candidate: Counts, accepted: Sequence[str]) -> list[Finding]:
    """Compare what one unit does; a growth that was accepted by its name is no finding against the candidate."""
    found = []
    for name, rule in RULES.items():
        before, after = base.totals[name], candidate.totals[name]
        word = _unless_accepted(_counted_word(before, after, rule), workload, name, accepted)
        detail = _grown(name, base, candidate) if word in ("worse", "accepted") else ()
        found.append(Finding(workload, rule.tier, name, word, before, after, _share(before, after), detail=detail))
    return found


def _share(before: float, after: float) -> float | None:
    return after / before - 1 if before else None


def _unless_accepted(word: Word, workload: str, quantity: str, accepted: Sequence[str]) -> Word:
    return "accepted" if word == "worse" and is_accepted(workload, quantity, accepted) else word


def _counted_word(before: float, after: float, rule: Rule) -> Word:
    allowed = rule.share * before + rule.amount
    if after - before > allowed:
        return "worse"
    return "better" if before - after > allowed else "same"


def is_accepted(workload: str, quantity: str, accepted: Sequence[str]) -> bool:
    """Say whether a quantity is among those accepted, by its name or with its workload, as in `probe_fit:flop`."""
    return any(fnmatch.fnmatch(name, each) for each in accepted for name in (quantity, f"{workload}:{quantity}"))


def _grown(name: str, base: Counts, candidate: Counts) -> tuple[str, ...]:
    """Name the operators or functions that are called more often: the harness's own first, then what grew most."""
    before, after = (base.calls, candidate.calls) if name == "python_calls" else (base.operators, candidate.operators)
    growth = {key: times - before.get(key, 0) for key, times in after.items() if times > before.get(key, 0)}
    most = sorted(growth, key=lambda key: (not key.startswith("bench/"), -growth[key], key))[:5]
    return tuple(f"{key} {before.get(key, 0)} -> {after[key]}" for key in most)


def of_waits(workload: str, base: Waits, candidate: Waits, accepted: Sequence[str]) -> list[Finding]:
    """Compare how units wait, which processor time does not see."""
    asleep = _counted_word(base.asleep_s, candidate.asleep_s, Rule("waiting", amount=ASLEEP_SHARE * base.cost_s))
    switches: Word = "worse" if candidate.switches > CHANCE_SWITCHES * base.switches else "same"
    listed: list[tuple[str, Word, float, float]] = [
        ("asleep_s", asleep, base.asleep_s, candidate.asleep_s),
        ("voluntary_switches", switches, base.switches, candidate.switches),
    ]
    return [
        Finding(
            workload,
            "waiting",
            name,
            _unless_accepted(word, workload, name, accepted),
            before,
            after,
            _share(before, after),
        )
        for name, word, before, after in listed
    ]


def of_decision(workload: str, tier: Tier, quantity: str, decision: Decision, accepted: Sequence[str]) -> Finding:
    """Say what came of restarts."""
    word = _unless_accepted(decision.word, workload, quantity, accepted)
    found = decision.effect
    return Finding(workload, tier, quantity, word, None, None, found.change, bound=found.high, samples=found.restarts)


def of_accuracy(base: Mapping[str, float], candidate: Mapping[str, float]) -> Finding:
    """Compare accuracies of the same cells, paired: Student's t over cells; without spread what they differ by."""
    cells = sorted(base.keys() & candidate.keys())
    differences = [candidate[cell] - base[cell] for cell in cells]
    if not differences:
        return Finding("accuracy", "accuracy", "accuracy", "unknown", None, None, None, detail=("no cell in common",))
    mean = math.fsum(differences) / len(differences)
    loss, p_loss, p_gain = _bounds(differences, mean)
    word = _accuracy_word(mean, loss, p_loss, p_gain)
    before, after = (math.fsum(side[cell] for cell in cells) / len(cells) for side in (base, candidate))
    lowest = sorted(cells, key=lambda cell: candidate[cell] - base[cell])[:3] if word == "worse" else []
    detail = tuple(f"{cell}: {base[cell]:.3f} -> {candidate[cell]:.3f}" for cell in lowest)
    bound = loss if math.isfinite(loss) else None
    return Finding("accuracy", "accuracy", "accuracy", word, before, after, mean, bound, len(cells), detail)


def _accuracy_word(mean: float, loss: float, p_loss: float, p_gain: float) -> Word:
    if mean < -LOSS_FLOOR and p_loss < LOSS_LEVEL:
        return "worse"
    if mean > LOSS_FLOOR and p_gain < LOSS_LEVEL:
        return "better"
    return "same" if loss < LOSS_SAME else "unknown"


def _bounds(differences: Sequence[float], mean: float) -> tuple[float, float, float]:
    """Return the 95 % bound of the loss, and the one-sided p-values of a loss and of a gain."""
    freedom = len(differences) - 1
    if not freedom:
        return math.inf, 1.0, 1.0
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    if error < 1e-12:  # equal but for rounding: what there is of a difference is certain
        return -mean, float(mean >= 0), float(mean <= 0)
    p_loss = float(stdtr(freedom, mean / error))
    return -mean + float(stdtrit(freedom, 0.95)) * error, p_loss, 1 - p_loss


def exit_code(duel: Duel) -> Exit:
    """Return what the command ends with; a comparison of nothing is never a pass."""
    words = {finding.word for finding in duel.findings}
    if "worse" in words or duel.broken:
        return Exit.GATE_FAILED
    if not duel.findings:
        return Exit.NOT_COMPARABLE if duel.not_comparable else Exit.NOTHING_COMPARED
    return Exit.NOTHING_COMPARED if "unknown" in words else Exit.OK


def differing(base: Mapping[str, object], candidate: Mapping[str, object]) -> list[str]:
    """Name what two sides were asked for, or work under, and do not share."""
    return [f"{key}: {base[key]} against {candidate[key]}" for key in base if base[key] != candidate.get(key)]
