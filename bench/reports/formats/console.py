"""The summary for a terminal."""

from pathlib import Path

from tabulate import tabulate

from bench.answers.audit import audit
from bench.answers.notes import notes
from bench.answers.summary import Summary
from bench.contracts.reports import Table
from bench.reports.tables.accuracy import accuracy_table
from bench.reports.tables.sentences import overtaking_lines, worth_lines

FEW = 12
"""Tables whose sentences on labels anybody reads: each takes curves to be fitted; Markdown has them all."""


def render(summary: Summary, folder: Path) -> str:
    """Return the accuracy tables, what has no number, and the audit's verdict."""
    parts = [f"{summary.suite}: test accuracy in %, mean ± half of the 95 % interval (number of seeds)"]
    parts += [f"{block.title}\n{_text(accuracy_table(block))}" for block in summary.blocks]
    parts += overtaking_lines(summary)
    if len(summary.blocks) <= FEW:
        parts += worth_lines(summary)
    if summary.unfinished:
        parts.append("without a number\n" + _reasons(summary))
    if summary.missing:
        parts.append(f"{summary.missing} cells of the suite have not run yet")
    parts += summary.ask(notes)
    failed = sum(failed for _, failed, _ in summary.ask(audit).values())
    checks = sum(passed + failed for passed, failed, _ in summary.ask(audit).values())
    parts.append(f"audit: {checks - failed} of {checks} checks passed" + (f", {failed} FAILED" if failed else ""))
    return "\n\n".join(parts)


def _text(table: Table) -> str:
    headers, cells = table
    return tabulate(cells, headers, tablefmt="simple", disable_numparse=True)


def _reasons(summary: Summary) -> str:
    """Group the cells by their reason: forty cells that lack the same weights are one line."""
    counts: dict[tuple[str, str], int] = {}
    for record in summary.unfinished:
        key = record.status, record.reason or ""
        counts[key] = counts.get(key, 0) + 1
    return "\n".join(
        f"{status}: {count} cell{'s' if count > 1 else ''}: {reason}" for (status, reason), count in counts.items()
    )
