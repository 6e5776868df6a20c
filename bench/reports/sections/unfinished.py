"""Which cells have no number, and why?"""

from bench.answers.summary import Summary
from bench.contracts.reports import Section, Table
from bench.reports.tables.formatting import shown


def section(summary: Summary) -> Section:
    """Cells without a number, with the reason."""
    return Section(
        title="Cells without a number",
        tables=shown("By reason", unfinished_table(summary), on_page=False),
        chart="unfinished" if summary.unfinished or summary.missing else "",
    )


def unfinished_table(summary: Summary) -> Table:
    """Cells without a number, with the reason; seeds of one row that share theirs stand together."""
    seeds: dict[tuple[str, str, str], list[str]] = {}
    for record in summary.unfinished:
        name = f"{record.backbone} {record.weights} {record.method} {record.budget}"
        seeds.setdefault((record.status, name, record.reason or ""), []).append(str(record.seeds))
    cells = [
        [status, f"{name} seed{'s' if len(mine) > 1 else ''} {'; '.join(mine)}", reason]
        for (status, name, reason), mine in seeds.items()
    ]
    return ["status", "cells", "reason"], cells
