"""What a reader must know beside the figures: limits, disturbances, choices at an edge, images seen before. Pure."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bench.answers.rows.trials import OWN_TRIALS
from bench.answers.summary import Summary
from bench.records.record import Record
from bench.schema import Choice

SHOWN = 3
"""Pairs of images that a note names."""


def notes(summary: Summary) -> tuple[str, ...]:
    """Return a sentence for each thing worth a word, after those that were said before."""
    return (*summary.said, *(note for kind in KINDS for note in kind(summary)))


def _limited(summary: Summary) -> Iterator[str]:
    limits = {record.limit for record in summary.records if record.limit is not None}
    if limits:
        yield f"Limited to {max(limits)} images of each split: a rehearsal, not a result."


def _left_out(summary: Summary) -> Iterator[str]:
    if summary.left_out:
        yield f"{summary.left_out} records of other settings of this suite are left out."


def _of_the_data(summary: Summary) -> Iterator[str]:
    """Repeat what was said when the data were read, once for each data set."""
    yield from dict.fromkeys(
        f"{Choice(record.dataset, record.dataset_params).label}: {note}."
        for record in summary.finished
        for note in record.dataset_notes
    )


def _own_validation(summary: Summary) -> Iterator[str]:
    if any(record.validation == "own" for record in summary.finished):
        yield "The user's own validation images selected; their labels are counted in no label budget."


def _side_by_side(summary: Summary) -> Iterator[str]:
    if any((record.workers or 1) > 1 for record in summary.finished):
        yield "Some cells ran side by side; their throughput is not published."


def _settled_precision(summary: Summary) -> Iterator[str]:
    settled = {(record.backbone, record.precision, record.precision_reason) for record in summary.finished}
    for backbone, precision, reason in sorted(settled, key=str):
        if reason not in (None, "asked for"):
            yield f"precision auto of {backbone} is {precision} here: {reason}."


def _disturbed(summary: Summary) -> Iterator[str]:
    cells = _count("cell", (bool((record.gpu_state or {}).get("others")) for record in summary.finished))
    if cells:
        yield f"Another process was on the GPU during {cells}: the times there are not the cells' own."


def _probe_edges(summary: Summary) -> Iterator[str]:
    probes = _count("probe", (bool(_chosen(record, "edge")) for record in summary.finished))
    if probes:
        yield f"{probes}: the best l2 lay at the edge of its range; a wider one may do better."


def _tuned_edges(summary: Summary) -> Iterator[str]:
    cells = _count("cell", (bool(_chosen(record, "tuned_edges")) for record in summary.finished))
    if cells:
        yield f"{cells}: tuning chose a value at the edge of what was tried; a wider space may do better."


def _unequal_tuning(summary: Summary) -> Iterator[str]:
    # What is solved has no steps and chooses among its own values: it is no method that went untuned. Nor are those
    # that try rates by themselves tuned, where others have theirs from a source's labels or the suite.
    searches = {record.search for record in summary.finished if record.steps_done is not None}
    if len(searches - {OWN_TRIALS} | ({None} if OWN_TRIALS in searches else set())) > 1:
        yield "Some methods were tuned and others not: they are not on equal terms."


def _stopped(summary: Summary) -> Iterator[str]:
    probes = _count("probe", (_chosen(record, "converged") is False for record in summary.finished))
    if probes:
        yield f"{probes}: the solver had to stop before it came to its tolerance; a larger l2 is solved faster."


def _seen_before(summary: Summary) -> Iterator[str]:
    """Name each data set with duplicates, and each start whose pre-training has seen the target, once."""
    yield from dict.fromkeys(
        note for record in summary.finished for note in (*_duplicates(record), *_pretrained(record))
    )


def _duplicates(record: Record) -> Iterator[str]:
    found = record.duplicates
    if found and found["exact"] + found["near"]:
        name = Choice(record.dataset, record.dataset_params).label
        yield (
            f"{name}: of {found['of']:,} test images {found['exact']:,} stand in the training set pixel by pixel, "
            f"{found['near']:,} nearly ({_pairs(found['examples'])})."
        )


def _pairs(examples: dict[str, list[list[str]]]) -> str:
    pairs: list[Any] = [*examples["exact"], *examples["near"]][:SHOWN]
    return "test image = training image: " + ", ".join(f"{test} = {train}" for test, train in pairs)


def _pretrained(record: Record) -> Iterator[str]:
    start = f"{record.backbone} {record.weights}"
    if record.overlap is not None:
        yield f"{record.dataset}: the pre-training of {start} {_seen(record.overlap)} ({record.overlap_reason})."


def _seen(overlap: str) -> str:
    return "may have seen its images" if overlap == "unknown" else f"has seen its {overlap}"


def _chosen(record: Record, key: str) -> Any:
    return (record.chosen or {}).get(key)


def _count(what: str, holds: Iterable[bool]) -> str:
    """Return `1 cell` or `3 cells`; nothing where it holds of none."""
    count = sum(holds)
    return "" if count == 0 else f"1 {what}" if count == 1 else f"{count} {what}s"


KINDS: tuple[Callable[[Summary], Iterator[str]], ...] = (
    _limited,
    _left_out,
    _of_the_data,
    _own_validation,
    _side_by_side,
    _settled_precision,
    _disturbed,
    _probe_edges,
    _tuned_edges,
    _unequal_tuning,
    _stopped,
    _seen_before,
)
"""In the order in which they are told."""
