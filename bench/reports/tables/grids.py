"""Tables of the user's choice, and leaderboards, in every format that a table has."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tabulate import tabulate

from bench.answers.crosstab import Grid
from bench.answers.rows.columns import COUNT, HALF_WIDTH, Figure
from bench.answers.verdicts import Verdict
from bench.reports.tables.booktabs import PACKAGES, tabular
from bench.reports.tables.formatting import for_programs, percent, points, worded
from bench.reports.tables.pipes import pipe_table
from bench.statistics.intervals import Estimate

VERSION = 2
"""Of the JSON document."""
NOTHING = "missing"
Entry = Figure | Verdict
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ grids[0].title }}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif } body { margin: 2rem auto; max-width: 75rem;
padding: 0 1rem } .wide { overflow-x: auto } table { border-collapse: collapse } caption { text-align: left;
font-weight: 600; padding: .5rem 0 } th, td { padding: .3rem .8rem; text-align: right; white-space: nowrap;
border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) } .stub { text-align: left }
.none { opacity: .6 }
</style>
{% for grid, lines in shown %}
<div class="wide"><table><caption>{{ grid.title }}</caption>
<thead><tr>{% for stub in grid.stubs %}<th class="stub" scope="col">{{ stub }}</th>{% endfor %}
{% for head in grid.heads %}<th scope="col">{{ head }}</th>{% endfor %}</tr></thead>
<tbody>{% for labels, entries in lines %}<tr>
{% for label in labels %}<th class="stub" scope="row">{{ label }}</th>{% endfor %}
{% for entry in entries %}<td{% if entry == nothing %} class="none"{% endif %}>{{ entry }}</td>{% endfor %}
</tr>{% endfor %}</tbody></table></div>
{% for note in grid.notes %}<p>{{ note }}</p>{% endfor %}
{% endfor %}
</html>
"""


def entry_text(entry: Entry, metric: str) -> str:
    """Return one entry as people read it: shares in per cent, verdicts in words, `missing` where there is nothing."""
    if entry is None:
        return NOTHING
    if isinstance(entry, Verdict):
        return f"{points(entry)} {worded(entry)}"
    if isinstance(entry, Estimate):
        return percent(entry) if is_share(metric) else _estimate(entry)
    if isinstance(entry, str | list):
        return str(entry)
    return _number(entry)


def is_share(metric: str) -> bool:
    """Say whether a figure is a share, which is shown in per cent."""
    return "accuracy" in metric and "per_s" not in metric


def _estimate(estimate: Estimate) -> str:
    if estimate.half_width is None:
        return f"{_number(estimate.mean)} (1)"
    return f"{_number(estimate.mean)} ± {_number(estimate.half_width)} ({estimate.n})"


def _number(value: float) -> str:
    """Three digits, or all those before the point."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 or value == int(value) else f"{value:.1f}" if size >= 10 else f"{value:.3g}"


def console(grids: Sequence[Grid]) -> str:
    """Return the tables for a terminal."""
    return "\n\n".join(
        "\n".join(
            [
                _heading(grid),
                tabulate(_cells(grid), [*grid.stubs, *grid.heads], tablefmt="simple", disable_numparse=True),
                *grid.notes,
            ]
        )
        for grid in grids
    )


def markdown(grids: Sequence[Grid]) -> str:
    """Return the tables as Markdown."""
    return "\n\n".join(
        "\n\n".join([f"## {_heading(grid)}", pipe_table([*grid.stubs, *grid.heads], _cells(grid)), *grid.notes])
        for grid in grids
    )


def latex(grids: Sequence[Grid]) -> str:
    """Return the tables for a paper."""
    tables = [tabular([*grid.stubs, *grid.heads], _cells(grid), len(grid.stubs), _heading(grid)) for grid in grids]
    return "\n\n".join([PACKAGES, *tables])


def html(grids: Sequence[Grid]) -> str:
    """Return a page of its own with the tables; it asks no network for anything."""
    from jinja2 import Environment

    page = Environment(autoescape=True, trim_blocks=True).from_string(_PAGE)
    shown = [(grid, [(line.labels, _texts(line.entries, grid)) for line in grid.lines]) for grid in grids]
    return page.render(grids=grids, shown=shown, nothing=NOTHING)


def as_csv(grids: Sequence[Grid]) -> str:
    """Return the tables in full precision, one after another, with a column for the title."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    for grid in grids:
        lines = [_flat(grid, line.entries) for line in grid.lines]
        heads = dict.fromkeys(head for line in lines for head in line)
        writer.writerow(["table", *grid.stubs, *heads])
        writer.writerows(
            [grid.title, *line.labels, *(flat.get(head) for head in heads)]
            for line, flat in zip(grid.lines, lines, strict=True)
        )
    return stream.getvalue()


def as_json(grids: Sequence[Grid]) -> str:
    """Return the tables as one document, in full precision."""
    contents = {
        "format": "transferbench tables",
        "version": VERSION,
        "tables": [
            {
                "title": grid.title,
                "metric": grid.metric,
                "notes": list(grid.notes),
                "lines": [
                    {
                        **dict(zip(grid.stubs, line.labels, strict=True)),
                        "figures": {head: _value(entry) for head, entry in zip(grid.heads, line.entries, strict=True)},
                    }
                    for line in grid.lines
                ],
            }
            for grid in grids
        ],
    }
    return json.dumps(contents, indent=1, allow_nan=False, ensure_ascii=False)


def _value(entry: Entry) -> Any:
    if isinstance(entry, Estimate):
        return {"mean": entry.mean, "half_width_95": entry.half_width, "n": entry.n}
    if isinstance(entry, Verdict):
        difference = entry.difference.mean if entry.difference else None
        return {"difference": difference, "word": entry.word, **for_programs(entry)}
    return entry


def _flat(grid: Grid, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the entries of a line with a column for each of their numbers."""
    flat: dict[str, Any] = {}
    for head, entry in zip(grid.heads, entries, strict=True):
        if isinstance(entry, Estimate):
            flat |= {head: entry.mean, f"{head}{HALF_WIDTH}": entry.half_width, f"{head}{COUNT}": entry.n}
        elif isinstance(entry, Verdict):
            parts = _value(entry)
            flat |= {head: parts.pop("difference", None)} | {f"{head} {name}": part for name, part in parts.items()}
        else:
            flat[head] = entry
    return flat


def _heading(grid: Grid) -> str:
    return f"{grid.title} (%, mean ± half of the 95 % interval, seeds)" if is_share(grid.metric) else grid.title


def _cells(grid: Grid) -> list[list[str]]:
    return [[*line.labels, *_texts(line.entries, grid)] for line in grid.lines]


def _texts(entries: Sequence[Entry], grid: Grid) -> list[str]:
    return [entry_text(entry, grid.metric) for entry in entries]


GRID_FORMATS: Mapping[str, Callable[[Sequence[Grid]], str]] = {
    "console": console,
    "md": markdown,
    "csv": as_csv,
    "json": as_json,
    "latex": latex,
    "html": html,
}


def render_grids(grids: Sequence[Grid], format_: str) -> str:
    """Return tables in a format."""
    return GRID_FORMATS[format_](grids)
