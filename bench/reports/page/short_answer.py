"""The answer before everything else: what is best for how many labels, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.answers.audit import audit
from bench.answers.recommend import Answer, best
from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.reports.tables.formatting import corrected_for, number, plain
from bench.statistics.intervals import Estimate

NAMED = 2
"""Rows that are named among those which the data can't tell from the best."""


@dataclass(frozen=True)
class Card:
    """The best row for a number of labels."""

    dataset: str
    labels: str
    setting: str
    backbone: str
    accuracy: str
    """In per cent."""
    spread: str
    """Half of the interval, and the number of seeds."""
    certainty: str
    """Whether it is better than the rest, or what it can't be told from."""
    costs: str


@dataclass(frozen=True)
class Fact:
    """A figure of the run, for the line above everything."""

    name: str
    value: str
    alarming: bool = False


def cards(summary: Summary) -> list[Card]:
    """Return a card for each data set and number of labels, fewest labels first."""
    return [_card(answer, answer.best) for answer in summary.ask(best) if answer.best is not None]


def _card(answer: Answer, row: Row) -> Card:
    latency = "" if row.latency_1_ms is None else f", {plain(row.latency_1_ms, 1)} ms for an image"
    return Card(
        row.dataset,
        f"{answer.labels:,}",
        row.setting,
        row.backbone,
        f"{row.accuracy.mean * 100:.1f}",
        _spread(row.accuracy),
        _certainty(answer),
        f"{number(row.cold_s, 1)} s a cell, {plain(row.memory_mib, 0)} MiB{latency}",
    )


def _spread(accuracy: Estimate) -> str:
    if accuracy.half_width is None:
        return "1 seed: its noise is unknown"
    return f"± {accuracy.half_width * 100:.1f}, {accuracy.n} seeds"


def _certainty(answer: Answer) -> str:
    if not answer.others:
        return "Nothing else was measured at this budget."
    if not answer.ties:
        told = "the one other" if len(answer.others) == 1 else f"all {len(answer.others)} others"
        return f"Better than {told}{corrected_for(answer.others)}."
    untested = [verdict for verdict in answer.ties if verdict.word == "not tested"]
    names = [f"{verdict.first.setting} ({verdict.first.backbone})" for verdict in answer.ties[:NAMED]]
    more = f" and {len(answer.ties) - NAMED} more" if len(answer.ties) > NAMED else ""
    if len(untested) == len(answer.ties):
        return f"Not tested against {', '.join(names)}{more}: {untested[0].reason}."
    return f"The data can't tell it from {', '.join(names)}{more}{corrected_for(answer.ties)}."


def lead(summary: Summary) -> list[str]:
    """Return a sentence for each data set: which row to take for how many labels."""
    datasets: dict[str, list[Answer]] = {}
    for answer in summary.ask(best):
        if answer.best is not None:
            datasets.setdefault(answer.best.dataset, []).append(answer)
    return [_sentence(dataset, answers) for dataset, answers in datasets.items()]


def _sentence(dataset: str, answers: Sequence[Answer]) -> str:
    taken: list[tuple[int, str]] = []
    for answer in answers:
        assert answer.best is not None
        name = f"{answer.best.setting} on {answer.best.backbone}"
        if not taken or taken[-1][1] != name:
            taken.append((answer.labels, name))
    (fewest, first), *rest = taken
    if not rest and len(answers) > 1:
        span = f"{fewest:,} to {answers[-1].labels:,} labels"
        return f"On {dataset}, {first} has the highest mean accuracy at every budget from {span}."
    parts = [f"On {dataset}, {first} has the highest mean accuracy at {fewest:,} labels"]
    parts += [f"{name} from {labels:,} on" for labels, name in rest]
    return f"{', '.join(parts[:-1])} and {parts[-1]}." if rest else f"{parts[0]}."


def facts(summary: Summary) -> list[Fact]:
    """Return what the reader has to know of the run before believing it."""
    found = [
        Fact("cells with a number", f"{len(summary.finished):,} of {len(summary.records) + summary.missing:,}"),
        Fact("failed or skipped", f"{len(summary.unfinished):,}", alarming=True) if summary.unfinished else None,
        Fact("not run yet", f"{summary.missing:,}", alarming=True) if summary.missing else None,
        _seeds(summary),
        _audit(summary),
    ]
    return [fact for fact in found if fact is not None]


def _seeds(summary: Summary) -> Fact | None:
    counts = sorted({row.accuracy.n for row in summary.rows})
    if not counts:
        return None
    return Fact("seeds", f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}")


def _audit(summary: Summary) -> Fact | None:
    checks = summary.ask(audit).values()
    failed = sum(check.failed for check in checks)
    made = failed + sum(check.passed for check in checks)
    if not made:
        return None
    return Fact("audit", f"{failed:,} of {made:,} failed" if failed else f"{made:,} passed", failed > 0)
