"""The summary as one page for a browser, with all it needs inside: it asks no network for anything."""

import base64
import hashlib
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from bench.answers.notes import notes
from bench.answers.summary import Summary
from bench.contracts.reports import Captioned
from bench.reports.page.cell_pages import cell_pages, compressed
from bench.reports.page.cell_table import cell_table, unfinished_cells
from bench.reports.page.chart_data import chart_data
from bench.reports.page.crossover_map import heat_maps
from bench.reports.page.plain_json import written
from bench.reports.page.short_answer import cards, facts, lead
from bench.reports.sectioning import sections_of
from bench.reports.tables.environment import environment_rows
from bench.reports.tables.sentences import overtaking_lines

SCRIPTS = ("theme", "tables", "unpack", "style", "charts", "controls", "cell", "start")
"""In the order in which they stand on the page."""


def render(summary: Summary, folder: Path) -> str:
    """Return the page, which needs no other file."""
    plotly = get_plotlyjs()
    script = "(() => {\n" + "\n".join(_file(f"{name}.js") for name in SCRIPTS) + "\n})();\n"
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            summary=summary,
            notes=summary.ask(notes),
            facts=facts(summary),
            lead=lead(summary),
            cards=cards(summary),
            sections=shown_sections(summary),
            maps=heat_maps(summary),
            overtakings=overtaking_lines(summary),
            cells=cell_table(summary),
            unfinished=unfinished_cells(summary),
            environment=environment_rows(summary),
            data=written(asdict(chart_data(summary))),
            pages=cell_pages(summary.records, summary.curves),
            css=_file("page.css"),
            script=script,
            plotly=compressed(plotly.encode()),
            trusted=f"'sha256-{_digest(script)}' 'sha256-{_digest(plotly)}'",
        )
    )


@dataclass(frozen=True)
class Shown:
    """A section as the page shows it."""

    anchor: str
    title: str
    explanation: str
    lines: tuple[str, ...]
    chart: str
    tables: tuple[Captioned, ...]


def shown_sections(summary: Summary) -> list[Shown]:
    """Return the sections that have something to show on the page, without the marks of Markdown."""
    found = [
        Shown(
            name,
            each.title,
            each.explanation.replace("*", "").replace("`", ""),
            each.lines,
            each.chart,
            tuple(table for table in each.tables if table.on_page),
        )
        for name, each in sections_of(summary).items()
    ]
    return [each for each in found if each.chart or each.lines or each.tables]


def _environment() -> Environment:
    """Return templates that escape whatever is put into them, and refuse names that nobody gave."""
    environment = Environment(
        loader=PackageLoader("bench.reports", "page"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False}  # in the order given, not the alphabet's
    return environment


def _file(name: str) -> str:
    return (files("bench.reports.page") / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    """What a browser compares before it runs a script of the page: nothing that came from a file runs."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
