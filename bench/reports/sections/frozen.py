"""Is it better to fine-tune?"""

from bench.answers.against import against_frozen
from bench.answers.starts import TUNED
from bench.answers.summary import Summary
from bench.answers.verdicts import Verdict
from bench.contracts.reports import Section
from bench.reports.tables.formatting import DIFFERENCE, explained, percent, points, shown, worded

EXPLANATION = "The same weights, budgets and seeds. The interval is over seeds and test images, which both share."


def section(summary: Summary) -> Section:
    """Linear probe and full fine-tuning side by side, for each backbone, weights and budget that has both."""
    found = summary.ask(against_frozen)
    return Section(
        title="Frozen against fine-tuned",
        explanation=explained(EXPLANATION, found),
        tables=shown(
            "Fine-tuned minus frozen",
            (HEADERS, [_pair(verdict) for verdict in found]),
            stubs=2,
            paper=f"{summary.suite}: full fine-tuning against the linear probe, Holm-corrected",
        ),
        chart="slopes" if found else "",
    )


HEADERS = (
    "backbone",
    "weights",
    "labels",
    "linear probe",
    "fine-tuned",
    f"fine-tuned minus frozen, {DIFFERENCE}",
    "fine-tuned is",
)


def _pair(verdict: Verdict) -> list[str]:
    tuned, frozen = verdict.first, verdict.second
    name = "" if tuned.method == TUNED else f" {tuned.method}"
    return [
        frozen.backbone,
        frozen.weights,
        f"{frozen.n_labels:,}",
        percent(frozen.accuracy),
        percent(tuned.accuracy) + name,
        points(verdict),
        worded(verdict),
    ]
