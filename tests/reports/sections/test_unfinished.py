"""Cells without a number, each with its reason."""

import dataclasses

from tests.material.summaries import UNFINISHED, a_summary, table_of


def test_every_unfinished_cell_is_listed() -> None:
    _, cells = table_of("unfinished", a_summary(UNFINISHED))
    assert cells == [["oom", "test_resnet supervised@glyphs linear_probe 5 per class seed 7", "CUDA out of memory"]]


def test_seeds_that_lack_a_number_for_one_reason_stand_together() -> None:
    """A page of forty lines that say the same is not read."""
    others = [dataclasses.replace(UNFINISHED, cell_id=f"oom {seed}", seed=seed) for seed in (8, 9)]
    apart = dataclasses.replace(UNFINISHED, cell_id="slow", seed=10, reason="too slow")
    _, cells = table_of("unfinished", a_summary(UNFINISHED, *others, apart))
    assert [cell[1].rpartition("per class ")[2] for cell in cells] == ["seeds 7; 8; 9", "seed 10"]
