"""The sections of the page, top to bottom, with the tables that other reports show too."""

from dataclasses import dataclass

from bench.aggregate import Summary
from bench.reports.crossing_maps import CROSSINGS
from bench.reports.label_tables import NEEDS, WORTH, needs_table, worth_table
from bench.reports.noise_tables import NOISE, noise_table, seeds_sentence
from bench.reports.pareto_table import pareto_left_out, pareto_table
from bench.reports.rank_tables import STANDINGS, standings_lines, standings_table
from bench.reports.tables import (
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
from bench.reports.verdict_tables import best_table, frozen_against_tuned, overtaking_lines


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
            "Test accuracy in %: mean ± half of the 95 % interval over seeds (Student t), and their number. A budget "
            "holds training and validation images; the test images were looked at once per cell, after training.",
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
            "The same weights, budgets and seeds. The interval is over seeds and test images, which both share; the "
            "verdict is corrected for the number of comparisons in the table (Holm).",
            _shown("Fine-tuned minus frozen", frozen_against_tuned(summary)),
            "slopes" if summary.against_frozen else "",
        ),
        Section(
            "best",
            "Against the best",
            "Each method against the highest mean of its label budget, image by image and seed by seed. A tie: the "
            "data can't tell them apart.",
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
            "Rows that no other row of their data set beats: by the means, none is as good on each axis and better on "
            "one. Choose two axes for the picture; the table is of all of them.",
            _shown("On the front of all axes", pareto_table(summary)),
            "pareto" if summary.fronts else "",
            pareto_left_out(summary),
        ),
        Section(
            "cost",
            "Cost",
            "At each method's largest budget, means over seeds. Images/s is of training steps, warm-up apart, or of "
            "the extraction of frozen features from a cold cache. Peaks are exact, over training.",
            _shown("Throughput, memory and time", cost_table(summary)),
            "memory" if any(row.memory_mib_by_phase for row in summary.rows) else "",
        ),
        Section(
            "step",
            "Inside a step",
            "Measured once for cells alike, in passes of their own. Bound by loader: real data make a step over a "
            "tenth longer than data that is there already. MFU is against a matrix product measured here.",
            _shown("Parts of a step, memory by kind, latency", anatomy_table(summary)),
            "step" if any(row.anatomy_ms or row.memory_mib_by_kind for row in summary.rows) else "",
        ),
    ]


def _background(summary: Summary) -> list[Section]:
    return [
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
            "Every method had the same number of trials, scored on the validation part of its budget. Middle and worst "
            "are of the settings trained in full. Optimism: the best of many trials looks better on the images that "
            "chose it than on test.",
            _shown("Trials", tuning_table(summary)),
        ),
        Section(
            "scores",
            "Transferability scores",
            "Of the frozen features on the labels of the budget, before any training; more is better. Kendall's tau "
            "tells how well they ranked the starts: 1 is the same order, 0 none, -1 the opposite.",
            (*_shown("Scores", score_table(summary)), *_shown("Kendall's tau", rank_table(summary))),
        ),
        Section(
            "oracle",
            "Honest against oracle",
            "The right-hand figure is what picking the best checkpoint on the test set would have claimed.",
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
            "Checked in every cell that has a number.",
            _shown("Checks", audit_table(summary)),
            lines=tuple(f"failed: {failure}" for failure in summary.audit_failures),
        ),
    ]


def _unmarked(text: str) -> str:
    """Return a text of the Markdown report without its stars."""
    return text.replace("*", "")


def _shown(caption: str, table: Table) -> tuple[tuple[str, Table], ...]:
    return ((caption, table),) if table[1] else ()
