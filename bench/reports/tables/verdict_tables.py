"""What is better than what, as tables and sentences."""

from bench.answers.summary import TUNED, Summary
from bench.answers.verdicts import Overtaking, Verdict
from bench.reports.tables.tables import Table, heading, percent


def frozen_against_tuned(summary: Summary) -> Table:
    """Linear probe and full fine-tuning side by side, for each backbone, weights and budget that has both."""
    headers = [
        "backbone",
        "weights",
        "labels",
        "linear probe",
        "fine-tuned",
        "fine-tuned minus frozen, points (95 %)",
        "fine-tuned is",
    ]
    return headers, [_pair(verdict) for verdict in summary.against_frozen]


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


def points(verdict: Verdict) -> str:
    """`+2.1 (0.4 to 3.8)`: the difference in points with its interval; of the means alone where nothing was tested."""
    found = verdict.difference
    if found is None:
        return f"{(verdict.first.accuracy.mean - verdict.second.accuracy.mean) * 100:+.1f}"
    return f"{found.mean * 100:+.1f} ({found.low * 100:.1f} to {found.high * 100:.1f})"


def worded(verdict: Verdict) -> str:
    """The verdict's word, with p, or why there is none."""
    if verdict.p is None:
        return f"not tested: {verdict.reason}"
    return f"{verdict.word} (p {'< 0.001' if verdict.p < 0.001 else f'= {verdict.p:.3f}'})"


def best_table(summary: Summary) -> Table:
    """Each row against the best of its label budget."""
    cells = [
        [
            block.title,
            heading((verdict.first.budget, verdict.first.n_labels)),
            verdict.second.setting,
            verdict.first.setting,
            points(verdict),
            worded(verdict),
        ]
        for block, verdicts in zip(summary.blocks, summary.against_best, strict=True)
        for verdict in verdicts
    ]
    headers = ["backbone", "labels", "best", "method (initial weights)", "difference, points (95 %)", "is"]
    return headers, cells


def overtaking_lines(summary: Summary) -> list[str]:
    """Return a sentence for each start: from how many labels on full fine-tuning is ahead of the linear probe."""
    return [overtaking_line(each) for each in summary.overtakings]


def overtaking_line(each: Overtaking) -> str:
    """From how many labels on the first setting is ahead of the second, as a sentence."""
    found = each.found
    who = f"{each.first.backbone}: {each.first.setting} is ahead of {each.second.setting}"
    span = f"{each.budgets[0]:,} to {each.budgets[-1]:,} labels"
    always, never, _ = found.shares
    if found.side == "always":
        return f"{who} at every budget from {span} (in {always:.0%} of the draws)."
    if found.side == "never":
        return f"{each.first.backbone}: {each.first.setting} is never ahead of {each.second.setting}, {span} (in " + (
            f"{never:.0%} of the draws)."
        )
    low = f"{found.low:,.0f}" if found.low is not None else f"under {each.budgets[0]:,}"
    high = f"{found.high:,.0f}" if found.high is not None else f"over {each.budgets[-1]:,}"
    return f"{who} from about {found.labels:,.0f} labels on (95 %: {low} to {high}; measured from {span})."
