"""The summary as Markdown, with the curve of accuracy against labels as a picture."""

from pathlib import Path

from bench.answers.summary import Summary
from bench.reports.figures.crossing_maps import CROSSINGS, crossing_maps
from bench.reports.figures.figures import PANELS, accuracy_curves, sensitivity_curves
from bench.reports.figures.pareto_figure import pareto_picture
from bench.reports.figures.rank_diagram import rank_diagram
from bench.reports.tables import explanations
from bench.reports.tables.beyond_tables import beyond_table, corruption_table
from bench.reports.tables.label_tables import NEEDS, WORTH, needs_table, worth_lines, worth_table
from bench.reports.tables.noise_tables import NOISE, noise_table, seeds_sentence
from bench.reports.tables.pareto_table import pareto_left_out, pareto_table
from bench.reports.tables.pipes import pipe_table
from bench.reports.tables.rank_tables import STANDINGS, standings_lines, standings_table
from bench.reports.tables.tables import (
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
from bench.reports.tables.verdict_tables import best_table, frozen_against_tuned, overtaking_lines


def render(summary: Summary, folder: Path) -> str:
    """Return the report; its pictures are written to `folder`."""
    parts = [
        *_accuracies(summary, folder),
        *_answers(summary, folder),
        *_beyond(summary),
        *_costs(summary, folder),
        *_background(summary, folder),
        *_checks(summary),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _accuracies(summary: Summary, folder: Path) -> list[str]:
    parts = [
        f"# {summary.suite}",
        *_asked(summary),
        "## Accuracy by label budget",
        f"{explanations.ACCURACY} {seeds_sentence(summary)}",
    ]
    for block in summary.blocks:
        parts += [f"### {_escaped(block.title)}", _text(accuracy_table(block))]
    if summary.rows:
        parts.append(f"![Test accuracy against labels]({accuracy_curves(summary, folder).name})")
    if len(summary.blocks) > PANELS:
        parts.append(
            f"Pictures are of the first {PANELS} of {len(summary.blocks)} tables; `--filter` narrows a report."
        )
    return parts


def _answers(summary: Summary, folder: Path) -> list[str]:
    parts = _section("Frozen against fine-tuned", frozen_against_tuned(summary), explanations.FROZEN_AGAINST_TUNED)
    parts += [f"- {_escaped(line)}" for line in overtaking_lines(summary)]
    parts += _section("Label more or fine-tune?", worth_table(summary), WORTH)
    parts += [f"- {_escaped(line)}" for line in worth_lines(summary)]
    maps = crossing_maps(summary, folder)
    if maps is not None:
        parts += ["## Ahead from how many labels on", CROSSINGS, f"![Ahead from how many labels on]({maps.name})"]
    parts += _section("Labels needed", needs_table(summary), NEEDS)
    parts += _section("Against the best", best_table(summary), explanations.AGAINST_BEST)
    parts += _section("Always the same choice", standings_table(summary), STANDINGS)
    parts += [f"- {_escaped(line)}" for line in standings_lines(summary)]
    parts += rank_diagram(summary, folder)
    parts += _section("Where the noise comes from", noise_table(summary), NOISE)
    return parts


def _beyond(summary: Summary) -> list[str]:
    parts = _section("Beyond accuracy", beyond_table(summary), explanations.BEYOND)
    parts += _section("Under corruption", corruption_table(summary), explanations.CORRUPTION)
    return parts


def _costs(summary: Summary, folder: Path) -> list[str]:
    parts = _section("Cost", cost_table(summary), explanations.COST)
    parts += _section("Pareto front", pareto_table(summary), explanations.PARETO)
    parts += [f"- {_escaped(line)}" for line in pareto_left_out(summary)]
    pareto = pareto_picture(summary, folder)
    if pareto is not None:
        parts.append(f"![Test accuracy against training time, with the Pareto front]({pareto.name})")
    parts += _section("Inside a step", anatomy_table(summary), explanations.ANATOMY)
    return parts


def _background(summary: Summary, folder: Path) -> list[str]:
    parts = _section("Tuning", tuning_table(summary), explanations.TUNING)
    sensitivity = sensitivity_curves(summary, folder)
    if sensitivity is not None:
        parts.append(f"![Validation accuracy against learning rate]({sensitivity.name})")
    parts += _section("Transferability scores", score_table(summary), explanations.SCORES)
    parts += _section("Did the scores rank the starts?", rank_table(summary), explanations.RANKS)
    parts += _section("Honest against oracle", oracle_table(summary), explanations.ORACLE)
    return parts


def _checks(summary: Summary) -> list[str]:
    parts = _section("Cells without a number", unfinished_table(summary), "")
    parts += _section("Audit", audit_table(summary), explanations.AUDIT)
    parts += [f"- failed: {failure}" for failure in summary.audit_failures]
    parts += ["## Environment", "\n".join(f"- {line}" for line in environment_rows(summary))]
    return parts


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
