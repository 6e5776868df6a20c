"""Which setting to take where the same one is taken always: ranks and regret over all tables. Pure."""

from bench.answers.summary import Summary
from bench.statistics.ranking import Ranking, Task, rank


def ranking(summary: Summary) -> tuple[Ranking, ...]:
    """Return the settings over all tables and label budgets that they share, once; empty with a single one."""
    found = rank(_by_task(summary))
    return () if found is None else (found,)


def _by_task(summary: Summary) -> dict[Task, dict[str, float]]:
    """Return the accuracy of each setting in each column of each table."""
    found: dict[Task, dict[str, float]] = {}
    for block in summary.blocks:
        for (setting, (budget, _)), row in block.rows.items():
            task = (row.dataset, block.title.removeprefix(f"{row.dataset} "), budget)
            found.setdefault(task, {})[setting] = row.accuracy.mean
    return found
