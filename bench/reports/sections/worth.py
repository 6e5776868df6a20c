"""Is it better to label more, or to fine-tune?"""

from bench.answers.label_needs import Worth, worths
from bench.answers.starts import TUNED
from bench.answers.summary import Summary
from bench.contracts.reports import Section
from bench.reports.tables.formatting import percent, shown
from bench.reports.tables.labels import bounded, extrapolated, labels, off
from bench.reports.tables.sentences import worth_lines

EXPLANATION = (
    "What full fine-tuning reaches at a budget, in labels that the linear probe would need for as much, read off the "
    "power law through the probe's accuracies."
)


def section(summary: Summary) -> Section:
    """For each fine-tuned row the labels with which the linear probe would be as accurate."""
    return Section(
        title="Label more or fine-tune?",
        explanation=EXPLANATION,
        tables=shown("Against the probe", (HEADERS, [_worth(worth) for worth in summary.ask(worths)])),
        lines=tuple(worth_lines(summary)),
    )


HEADERS = (
    "backbone",
    "weights",
    "labels",
    "linear probe",
    "fine-tuned",
    "probe would need (95 %)",
    "times the labels",
    "extrapolated",
    "off at the largest, points",
)


def _worth(worth: Worth) -> list[str]:
    frozen, tuned, found = worth.frozen, worth.tuned, worth.found
    return [
        frozen.backbone,
        frozen.weights,
        f"{frozen.n_labels:,}",
        percent(frozen.accuracy),
        percent(tuned.accuracy) + ("" if tuned.method == TUNED else f" {tuned.method}"),
        labels(found, worth.budgets),
        _times(worth),
        extrapolated(found),
        off(found),
    ]


def _times(worth: Worth) -> str:
    if worth.found.labels is None:
        return "-"
    word, needed = bounded(worth.found.labels, worth.budgets)
    return f"{word}{needed / worth.frozen.n_labels:.2g}"
