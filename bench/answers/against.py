"""What is better than what: each row against the best of its budget, and fine-tuned against frozen. Pure."""

from bench.answers.blocks import Block, Budget
from bench.answers.starts import frozen_and_tuned
from bench.answers.summary import Summary
from bench.answers.verdicts import Verdict, Verdicts, verdicts


def against_best(summary: Summary) -> tuple[tuple[Verdict, ...], ...]:
    """Return for each table its rows against the highest mean of their label budget."""
    answers = summary.ask(verdicts)
    return tuple(
        tuple(verdict for budget in block.budgets for verdict in _in_column(block, budget, answers))
        for block in summary.blocks
    )


def _in_column(block: Block, budget: Budget, answers: Verdicts) -> list[Verdict]:
    # of equal means the first of the summary, as in `recommend`
    best = max((row for key, row in block.rows.items() if key[1] == budget), key=lambda row: row.accuracy.mean)
    mine = [block.rows[setting, budget] for setting in block.settings if (setting, budget) in block.rows]
    return [answers.of(row, best) for row in mine if row is not best]


def against_frozen(summary: Summary) -> tuple[Verdict, ...]:
    """Return full fine-tuning against the linear probe, from the same start."""
    answers = summary.ask(verdicts)
    return tuple(answers.of(tuned, frozen) for frozen, tuned in summary.ask(frozen_and_tuned))
