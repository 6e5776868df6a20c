"""Labels that a target accuracy takes, and what fine-tuning is worth in labels, as tables."""

from bench.answers.label_needs import Need, Worth
from bench.answers.summary import TUNED, Summary
from bench.reports.tables.tables import Table, listed, percent
from bench.statistics.learning_curves import LabelsNeeded

NEEDS = (
    "Labels for a target accuracy, off a power law fitted to each setting's means; the 95 % interval is from refitting "
    "draws around them, over seeds only: the test images are taken as they are. *Extrapolated*: the figure, or an end "
    "of its interval, lies outside what was measured and is a guess. *Off at the largest*: how far the curve fitted "
    "without the largest budget misses it."
)
WORTH = (
    "What full fine-tuning reaches at a budget, in labels that the linear probe would need for as much, read off the "
    "power law through the probe's accuracies."
)


def needs_table(summary: Summary) -> Table:
    """For each target the labels that each setting takes to come to it."""
    headers = [
        "backbone",
        "target, %",
        "method (initial weights)",
        "labels (95 %)",
        "measured",
        "extrapolated",
        "off at the largest, points",
    ]
    return headers, [_need(need) for need in summary.needs]


def _need(need: Need) -> list[str]:
    return [
        need.title,
        f"{need.target * 100:.1f} ({need.why})",
        need.setting,
        labels(need.found, need.budgets),
        measured(need.budgets),
        extrapolated(need.found),
        off(need.found),
    ]


def worth_table(summary: Summary) -> Table:
    """For each fine-tuned row the labels with which the linear probe would be as accurate."""
    headers = [
        "backbone",
        "weights",
        "labels",
        "linear probe",
        "fine-tuned",
        "probe would need (95 %)",
        "times the labels",
        "extrapolated",
        "off at the largest, points",
    ]
    return headers, [_worth(worth) for worth in summary.worths]


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


def worth_lines(summary: Summary) -> list[str]:
    """Return a sentence for each start: what fine-tuning on its labels is worth in labels of the linear probe."""
    starts: dict[tuple[str, ...], list[Worth]] = {}
    for worth in summary.worths:
        key = (worth.frozen.dataset, worth.frozen.backbone, worth.frozen.variant, worth.tuned.variant)
        starts.setdefault(key, []).append(worth)
    return [_sentence(worths) for worths in starts.values()]


def _sentence(worths: list[Worth]) -> str:
    spent = listed([f"{worth.frozen.n_labels:,}" for worth in worths])
    frozen, tuned = worths[0].frozen, worths[0].tuned
    return (
        f"{frozen.backbone}: {tuned.setting} on {spent} labels reaches what {frozen.setting} would take "
        f"{listed([_alone(worth) for worth in worths])} labels for."
    )


def _alone(worth: Worth) -> str:
    """The figure without its interval; `endless` where the curve never comes to it."""
    found = worth.found
    told = "endless" if found.labels is None else _count(found.labels, worth.budgets)
    return f"{told} (extrapolated)" if found.extrapolated else told


def labels(found: LabelsNeeded, budgets: tuple[int, ...]) -> str:
    """`120 (95 to 160)`; where the curve never comes to it, that; no figure lies far outside what was measured."""
    if found.labels is None:
        least = "" if found.low is None else f" ({_count(found.low, budgets)} at least)"
        return f"never, by its curve{least}"
    low = "-" if found.low is None else _count(found.low, budgets)
    high = "no end" if found.high is None else _count(found.high, budgets)
    return f"{_count(found.labels, budgets)} ({low} to {high})"


FAR = 10
"""Times the largest budget beyond which no figure is told."""


def _count(value: float, budgets: tuple[int, ...]) -> str:
    if value < budgets[0] / FAR:
        return f"under {max(1, budgets[0] // FAR):,}"
    if value > budgets[-1] * FAR:
        return f"over {budgets[-1] * FAR:,}"
    return f"{value:,.0f}"


def _times(worth: Worth) -> str:
    needed, most = worth.found.labels, worth.budgets[-1] * FAR
    if needed is None:
        return "-"
    return f"{'over ' if needed > most else ''}{min(needed, most) / worth.frozen.n_labels:.2g}"


def extrapolated(found: LabelsNeeded) -> str:
    """Say whether the figure lies outside what was measured, or an end of its interval does."""
    return "yes" if found.extrapolated else "interval" if found.interval_extrapolated else "no"


def measured(budgets: tuple[int, ...]) -> str:
    """`10 to 1,000`."""
    return f"{budgets[0]:,} to {budgets[-1]:,}"


def off(found: LabelsNeeded) -> str:
    """How far a curve misses the largest budget; a dash where nothing was held out."""
    return "-" if found.held_out_error is None else f"{found.held_out_error * 100:.1f}"
