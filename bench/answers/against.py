"""What is better than what: each row against the best of its budget, and fine-tuned against frozen. Pure."""

from bench.answers.starts import frozen_and_tuned
from bench.answers.summary import Summary
from bench.answers.verdicts import Verdict, against_the_best, compare, corrected


def against_best(summary: Summary) -> tuple[tuple[Verdict, ...], ...]:
    """Return for each table its rows against the best of their label budget."""
    return tuple(against_the_best(block.ordered, summary.right) for block in summary.blocks)


def against_frozen(summary: Summary) -> tuple[Verdict, ...]:
    """Return full fine-tuning against the linear probe, from the same start."""
    pairs = summary.ask(frozen_and_tuned)
    return corrected(compare(tuned, frozen, summary.right) for frozen, tuned in pairs)
