"""Records -> what a reader must know of images and classes that were seen before."""

from collections.abc import Iterator, Sequence
from typing import Any

from bench.records.record import Record
from bench.schema import Choice

SHOWN = 3
"""Pairs of images that a note names."""


def overlap_notes(records: Sequence[Record]) -> list[str]:
    """Return a line for each data set with duplicates, and for each start whose pre-training has seen the target."""
    notes: dict[str, None] = {}
    for record in records:
        for note in (*_duplicates(record), *_pretrained(record)):
            notes.setdefault(note)
    return list(notes)


def _duplicates(record: Record) -> Iterator[str]:
    found = record.duplicates
    if not found or not found["exact"] + found["near"]:
        return
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
