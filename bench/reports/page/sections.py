"""The sections of the page, top to bottom, with the tables that other reports show too."""

from dataclasses import dataclass

from bench.answers.summary import Summary
from bench.reports.figures.crossing_maps import CROSSINGS
from bench.reports.tables import explanations
from bench.reports.tables.beyond_tables import beyond_table, corruption_table
from bench.reports.tables.label_tables import NEEDS, WORTH, needs_table, worth_table
from bench.reports.tables.noise_tables import NOISE, noise_table, seeds_sentence
from bench.reports.tables.pareto_table import pareto_left_out, pareto_table
from bench.reports.tables.rank_tables import STANDINGS, standings_lines, standings_table
from bench.reports.tables.tables import (
    Table,
    accuracy_table,
    anatomy_table,
    audit_table,
    cost_table,
    oracle_table,
    rank_table,
    score_table,
    tuning_table,
)
from bench.reports.tables.verdict_tables import best_table, frozen_against_tuned, overtaking_lines


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it."""

    anchor: str
    title: str
    explanation: str
    tables: tuple[tuple[str, Table], ...] = ()
    """Captions and contents."""
    figure: str = ""
    """The template `figure_<this>.html.jinja`, shown above the tables."""
    lines: tuple[str, ...] = ()
    """Sentences."""


def sections(summary: Summary) -> list[Section]:
    """Return those sections that have something to show."""
    found = [*_answers(summary), *_costs(summary), *_background(summary), *_cells(summary)]
    return [each for each in found if each.figure or each.lines or each.tables]


def _answers(summary: Summary) -> list[Section]:
    accuracies = tuple((block.title, accuracy_table(block)) for block in summary.blocks)
    return [
        Section(
            "accuracy",
            "Accuracy by label budget",
            _unmarked(explanations.ACCURACY),
            accuracies,
            "accuracy" if summary.rows else "",
        ),
        Section(
            "crossovers",
            "From how many labels on?",
            _unmarked(CROSSINGS),
            (),
            "crossovers" if summary.crossings else "",
            tuple(overtaking_lines(summary)),
        ),
        Section("needs", "Labels needed", _unmarked(NEEDS), _shown("Labels for a target", needs_table(summary))),
        Section(
            "worth", "Label more or fine-tune?", _unmarked(WORTH), _shown("Against the probe", worth_table(summary))
        ),
        Section(
            "frozen",
            "Frozen against fine-tuned",
            explanations.FROZEN_AGAINST_TUNED,
            _shown("Fine-tuned minus frozen", frozen_against_tuned(summary)),
            "slopes" if summary.against_frozen else "",
        ),
        Section(
            "best",
            "Against the best",
            _unmarked(explanations.AGAINST_BEST),
            _shown("Each row against the best of its budget", best_table(summary)),
        ),
        Section(
            "standings",
            "Always the same choice",
            _unmarked(STANDINGS),
            _shown("Ranks and regret", standings_table(summary)),
            lines=tuple(standings_lines(summary)),
        ),
    ]


def _costs(summary: Summary) -> list[Section]:
    return [
        Section(
            "pareto",
            "Pareto front",
            f"{explanations.PARETO} Choose two axes for the picture; the table is of all of them.",
            _shown("On the front of all axes", pareto_table(summary)),
            "pareto" if summary.fronts else "",
            pareto_left_out(summary),
        ),
        Section(
            "cost",
            "Cost",
            explanations.COST,
            _shown("Throughput, memory and time", cost_table(summary)),
            "memory" if any(row.memory_mib_by_phase for row in summary.rows) else "",
        ),
        Section(
            "step",
            "Inside a step",
            _unmarked(explanations.ANATOMY),
            _shown("Parts of a step, memory by kind, latency", anatomy_table(summary)),
            "step" if any(row.anatomy_ms or row.memory_mib_by_kind for row in summary.rows) else "",
        ),
    ]


def _background(summary: Summary) -> list[Section]:
    return [
        Section(
            "beyond",
            "Beyond accuracy",
            _unmarked(explanations.BEYOND),
            _shown("Calibration, single classes, the source task", beyond_table(summary)),
        ),
        Section(
            "corruption",
            "Under corruption",
            explanations.CORRUPTION,
            _shown("By corruption", corruption_table(summary)),
        ),
        Section(
            "noise",
            "Where the noise comes from",
            _unmarked(NOISE),
            _shown("By what was drawn anew", noise_table(summary)),
            lines=(seeds_sentence(summary),) if summary.noise else (),
        ),
        Section(
            "tuning",
            "Tuning",
            _unmarked(explanations.TUNING),
            _shown("Trials", tuning_table(summary)),
        ),
        Section(
            "scores",
            "Transferability scores",
            f"{explanations.SCORES} {explanations.RANKS}",
            (*_shown("Scores", score_table(summary)), *_shown("Kendall's tau", rank_table(summary))),
        ),
        Section(
            "oracle",
            "Honest against oracle",
            explanations.ORACLE,
            _shown("Reported, and the best on test", oracle_table(summary)),
        ),
    ]


def _cells(summary: Summary) -> list[Section]:
    return [
        Section("cells", "Cells", "Each opens a page of its own.", (), "cells" if summary.records else ""),
        Section(
            "unfinished",
            "Cells without a number",
            "",
            (),
            "unfinished" if summary.unfinished or summary.missing else "",
        ),
        Section(
            "audit",
            "Audit",
            explanations.AUDIT,
            _shown("Checks", audit_table(summary)),
            lines=tuple(f"failed: {failure}" for failure in summary.audit_failures),
        ),
    ]


def _unmarked(text: str) -> str:
    """Return a text of the Markdown report without its marks."""
    return text.replace("*", "").replace("`", "")


def _shown(caption: str, table: Table) -> tuple[tuple[str, Table], ...]:
    return ((caption, table),) if table[1] else ()
