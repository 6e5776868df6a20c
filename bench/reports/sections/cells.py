"""Which cells are there?"""

from bench.answers.summary import Summary
from bench.contracts.reports import Section


def section(summary: Summary) -> Section:
    """The cells, each with a page of its own, where there are pages."""
    return Section("Cells", "Each opens a page of its own.", chart="cells" if summary.records else "")
