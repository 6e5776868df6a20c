"""The summary as Markdown, with the curve of accuracy against labels as a picture."""

from pathlib import Path

from bench.aggregate import Summary
from bench.reports.crossing_maps import CROSSINGS, crossing_maps
from bench.reports.figures import PANELS, accuracy_curves, sensitivity_curves
from bench.reports.label_tables import NEEDS, WORTH, needs_table, worth_lines, worth_table
from bench.reports.noise_tables import NOISE, noise_table, seeds_sentence
from bench.reports.pareto_figure import pareto_picture
from bench.reports.pareto_table import pareto_left_out, pareto_table
from bench.reports.pipes import pipe_table
from bench.reports.rank_diagram import rank_diagram
from bench.reports.rank_tables import STANDINGS, standings_lines, standings_table
from bench.reports.tables import (
    Table,
    accuracy_table,
    anatomy_table,
    audit_table,
    cost_table,
    environment_rows,
    oracle_table,
    rank_table,
    score_table,
    tuning_table,
    unfinished_table,
)
from bench.reports.verdict_tables import best_table, frozen_against_tuned, overtaking_lines

HOW_TO_READ = (
    "Test accuracy in %: mean ± half of the 95 % interval (Student t) over seeds, and their number. A label budget "
    "holds training *and* validation images; the test images were looked at once per cell, after training."
)


def render(summary: Summary, folder: Path) -> str:
    """Return the report; its picture is written to `folder`."""
    parts = [
        f"# {summary.suite}",
        *_asked(summary),
        "## Accuracy by label budget",
        f"{HOW_TO_READ} {seeds_sentence(summary)}",
    ]
    for block in summary.blocks:
        parts += [f"### {_escaped(block.title)}", _text(accuracy_table(block))]
    if summary.rows:
        parts.append(f"![Test accuracy against labels]({accuracy_curves(summary, folder).name})")
    if len(summary.blocks) > PANELS:
        parts.append(
            f"Pictures are of the first {PANELS} of {len(summary.blocks)} tables; `--filter` narrows a report."
        )
    parts += _section(
        "Frozen against fine-tuned",
        frozen_against_tuned(summary),
        "The same weights, budgets and seeds. The interval is over seeds and test images, which both share; the "
        "verdict is corrected for the number of comparisons in the table (Holm).",
    )
    parts += [f"- {_escaped(line)}" for line in overtaking_lines(summary)]
    parts += _section("Label more or fine-tune?", worth_table(summary), WORTH)
    parts += [f"- {_escaped(line)}" for line in worth_lines(summary)]
    maps = crossing_maps(summary, folder)
    if maps is not None:
        parts += ["## Ahead from how many labels on", CROSSINGS, f"![Ahead from how many labels on]({maps.name})"]
    parts += _section("Labels needed", needs_table(summary), NEEDS)
    parts += _section(
        "Against the best",
        best_table(summary),
        "Each method against the highest mean of its label budget, image by image and seed by seed. *Tie*: the data "
        "can't tell them apart.",
    )
    parts += _section("Always the same choice", standings_table(summary), STANDINGS)
    parts += [f"- {_escaped(line)}" for line in standings_lines(summary)]
    parts += rank_diagram(summary, folder)
    parts += _section("Where the noise comes from", noise_table(summary), NOISE)
    parts += _section(
        "Cost",
        cost_table(summary),
        "At each method's largest budget, means over seeds. Images/s is of training steps, warm-up apart, or "
        "of the extraction of frozen features from a cold cache. Peaks are exact, over training.",
    )
    parts += _section(
        "Pareto front",
        pareto_table(summary),
        "Rows that no other row of their data set beats: by the means, none is as good on each axis and better on one.",
    )
    parts += [f"- {_escaped(line)}" for line in pareto_left_out(summary)]
    pareto = pareto_picture(summary, folder)
    if pareto is not None:
        parts.append(f"![Test accuracy against training time, with the Pareto front]({pareto.name})")
    parts += _section(
        "Inside a step",
        anatomy_table(summary),
        "Measured once for cells alike, in passes of their own: the parts of a training step, each waited for; memory "
        "by kind; a forward pass of the adapted network. *Bound by*: `loader` where real data make a step over a tenth "
        "longer than data that is there already. MFU is against a matrix product measured here.",
    )
    parts += _section(
        "Tuning",
        tuning_table(summary),
        "Every method had the same number of trials, scored on the validation part of its label budget; their time is "
        "in the accuracy per second. *Middle* and *worst* are of the settings trained in full: the distance to the "
        "best is what hangs on tuning. *Optimism*: the best of many trials looks better on the validation images that "
        "chose it than on test.",
    )
    sensitivity = sensitivity_curves(summary, folder)
    if sensitivity is not None:
        parts.append(f"![Validation accuracy against learning rate]({sensitivity.name})")
    parts += _section(
        "Transferability scores",
        score_table(summary),
        "Of the frozen features on the labels of the budget, before any training; more is better.",
    )
    parts += _section(
        "Did the scores rank the starts?",
        rank_table(summary),
        "Kendall's tau between a score and the measured accuracy over backbones and initial weights: 1 is the same "
        "order, 0 none, -1 the opposite.",
    )
    parts += _section(
        "Honest against oracle",
        oracle_table(summary),
        "The right-hand figure is what picking the best checkpoint on the test set would have claimed.",
    )
    parts += _section("Cells without a number", unfinished_table(summary), "")
    parts += _section("Audit", audit_table(summary), "Checked in every cell that has a number.")
    parts += [f"- failed: {failure}" for failure in summary.audit_failures]
    parts += ["## Environment", "\n".join(f"- {line}" for line in environment_rows(summary))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _asked(summary: Summary) -> list[str]:
    notes = [f"**{note}**" for note in summary.notes]
    if summary.missing:
        notes.append(f"**{summary.missing} cells of the suite have not run yet.**")
    text = [summary.description, *notes]
    if summary.command:
        text += ["## What was asked", f"`{summary.command}`"]
    if summary.suite_text:
        text.append(f"```yaml\n{summary.suite_text.rstrip()}\n```")
    return text


def _section(title: str, table: Table, explanation: str) -> list[str]:
    return [f"## {title}", explanation, _text(table)] if table[1] else []


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("\n", " ")


def _text(table: Table) -> str:
    return pipe_table(*table)
