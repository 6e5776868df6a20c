"""The tables of the summary for a paper: LaTeX with booktabs, to be read in by `\\input`."""

from pathlib import Path

from bench.answers.summary import Summary
from bench.reports.sectioning import sections_of
from bench.reports.tables.booktabs import PACKAGES, tabular


def render(summary: Summary, folder: Path) -> str:
    """Return the tables that sections mark as those of a paper."""
    tables = [each for section in sections_of(summary).values() for each in section.tables]
    texts = [
        tabular(*each.table, each.stubs, each.paper) for each in tables if each.stubs is not None and each.table[1]
    ]
    return "\n\n".join([PACKAGES, *texts]) + "\n"
