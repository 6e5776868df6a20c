"""Answers as sentences, which several formats show."""

from bench.answers.crossings import overtakings
from bench.answers.label_needs import Worth, worths
from bench.answers.overtaking import Overtaking
from bench.answers.summary import Summary
from bench.reports.tables.formatting import listed
from bench.reports.tables.labels import count


def overtaking_lines(summary: Summary) -> list[str]:
    """Return a sentence for each start: from how many labels on full fine-tuning is ahead of the linear probe."""
    return [overtaking_line(each) for each in summary.ask(overtakings)]


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


def worth_lines(summary: Summary) -> list[str]:
    """Return a sentence for each start: what fine-tuning on its labels is worth in labels of the linear probe."""
    starts: dict[tuple[str, ...], list[Worth]] = {}
    for worth in summary.ask(worths):
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
    told = "endless" if found.labels is None else count(found.labels, worth.budgets)
    return f"{told} (extrapolated)" if found.extrapolated else told
