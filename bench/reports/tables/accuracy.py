"""The table that every report begins with."""

from bench.answers.blocks import Block
from bench.contracts.reports import Table
from bench.reports.tables.formatting import heading, percent
from bench.statistics.intervals import Estimate


def accuracy_table(block: Block) -> Table:
    """A row per method and initial weights, a column per label budget."""
    headers = ["method (initial weights)", *(heading(budget) for budget in block.budgets)]
    cells = [
        [setting, *(percent(_accuracy(block, setting, budget)) for budget in block.budgets)]
        for setting in block.settings
    ]
    return headers, cells


def _accuracy(block: Block, setting: str, budget: tuple[str, int]) -> Estimate | None:
    row = block.rows.get((setting, budget))
    return row.accuracy if row else None
