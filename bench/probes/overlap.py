"""What was seen before: test images in the training set, and what the pre-training knows of the target."""

from functools import cache
from typing import Any

import numpy as np

from bench.backbones.sources import is_checkpoint, source_of
from bench.catalog import PRETRAINING
from bench.cell_run import CellRun
from bench.data.duplicates import kept_hashes
from bench.overlap import Overlap, of_own, of_published
from bench.weights_name import parse_own

EXAMPLES = 5
"""Pairs of images that a record names, of each kind."""


def probe(run: CellRun) -> dict[str, Any]:
    """Return duplicates between training and test images, and what is known of the pre-training set.

    The table of facts is `bench/overlap.py`; of the project's own weights the very images are compared, too.
    """
    known = known_overlap(run)
    return {
        "overlap": known.kind if known else None,
        "overlap_reason": known.reason if known else None,
        "n_test_pretrained": n_pretrained(run) if run.job.learnt_from else None,
        "duplicates": duplicates(run),
    }


def duplicates(run: CellRun) -> dict[str, Any] | None:
    """Return counts of test images that stand in the training set, with some of their names."""
    if run.job.duplicates is None:
        return None
    found = run.job.duplicates.found
    counts = {kind: len(found[kind]) for kind in ("exact", "near")}
    return {**counts, "of": found["of"], "examples": {kind: found[kind][:EXAMPLES] for kind in counts}}


def n_pretrained(run: CellRun) -> int:
    """Return how many test images stand, pixel by pixel, among those that own weights were trained on."""
    root = run.job.places.cache_dir
    seen = np.concatenate([kept_hashes(source, "train", root) for source in run.job.learnt_from])
    return int(np.isin(kept_hashes(run.job.data, "test", root), seen).sum())


def known_overlap(run: CellRun) -> Overlap | None:
    """Return what the initial weights have seen of the target, as far as anybody knows."""
    weights, dataset = run.cell.weights, run.cell.dataset.name
    if weights == "random" or is_checkpoint(weights):
        return None
    if run.job.learnt_from:
        return of_own(weights, dataset, PRETRAINING.entry(parse_own(weights).objective).load().labelled)
    tag = getattr(source_of(run.cell.backbone), "tag", None)
    if tag is None:
        return None
    return of_published(tag(run.cell.backbone), dataset, run.job.data.about["class_names"], imagenet_names())


@cache
def imagenet_names() -> frozenset[str]:
    """Return the names of ImageNet-1k's classes, each of their synonyms, in lower case."""
    from timm.data import ImageNetInfo

    told = ImageNetInfo("imagenet-1k").label_descriptions()
    return frozenset(name.strip().lower() for names in told for name in names.split(","))
