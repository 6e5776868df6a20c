"""What was seen before: test images in the training set, and the target's images or classes in the pre-training."""

from functools import cache
from typing import Any

import numpy as np
from timm.data import ImageNetInfo

from bench.backbones.overlap import Counted, Overlap, of_own, of_published
from bench.backbones.sources import is_checkpoint, source_of
from bench.backbones.weights_name import parse_own
from bench.catalog import PRETRAINING
from bench.cell.job import CellRun
from bench.data.duplicates import kept_hashes

EXAMPLES = 5
"""Pairs of images that a record names of each kind of duplicate."""


def probe(run: CellRun) -> dict[str, Any]:
    """Return duplicates between training and test images, and what is known of the pre-training set.

    Facts about published weights stand in `bench/backbones/overlap.py`. For the project's own weights the images
    themselves are compared.
    """
    if run.job.learnt_from:
        # by pixels, whatever the source is called: the target's images may lie in a folder of another name
        trained, tested = (seen_by_own_weights(run, split) for split in ("train", "test"))
        labelled = PRETRAINING.entry(parse_own(run.cell.weights).objective).load().labelled
        known, n_tested = of_own(trained, tested, labelled), tested.seen
    else:
        known, n_tested = of_published_weights(run), None
    return {
        "overlap": known.kind if known else None,
        "overlap_reason": known.reason if known else None,
        "n_test_pretrained": n_tested,
        "duplicates": duplicates(run),
    }


def duplicates(run: CellRun) -> dict[str, Any] | None:
    """Return counts of test images that stand in the training set, with some of their names."""
    if run.job.duplicates is None:
        return None
    found = run.job.duplicates.found
    counts = {kind: len(found[kind]) for kind in ("exact", "near")}
    return {**counts, "of": found["of"], "examples": {kind: found[kind][:EXAMPLES] for kind in counts}}


def seen_by_own_weights(run: CellRun, split: str) -> Counted:
    """Return how many images of a split stand, pixel by pixel, among those that own weights were trained on."""
    root = run.job.places.cache_dir
    seen = np.concatenate([kept_hashes(source, "train", root) for source in run.job.learnt_from])
    mine = kept_hashes(run.job.data, split, root)
    return Counted(int(np.isin(mine, seen).sum()), len(mine))


def of_published_weights(run: CellRun) -> Overlap | None:
    """Return what is known of published weights; null for random ones and for a user's own file."""
    tag = getattr(source_of(run.cell.backbone), "tag", None)
    if run.cell.weights == "random" or is_checkpoint(run.cell.weights) or tag is None:
        return None
    classes = run.job.data.about["class_names"]
    return of_published(tag(run.cell.backbone), run.cell.dataset.name, classes, imagenet_names())


@cache
def imagenet_names() -> frozenset[str]:
    """Return the names of ImageNet-1k's classes, synonyms included, in lower case."""
    told = ImageNetInfo("imagenet-1k").label_descriptions()
    return frozenset(name.strip().lower() for names in told for name in names.split(","))
