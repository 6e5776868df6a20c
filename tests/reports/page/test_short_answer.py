"""The answer before everything else: what to take, how sure that is, and what there is to believe of it."""

from typing import Any

import pytest

from bench.records.record import Record
from bench.reports.page.short_answer import NAMED, Fact, cards, facts, lead
from tests.material import compared
from tests.material.examples import a_record
from tests.material.summaries import UNFINISHED, a_summary, records, summary_of

PROBE, TUNED = "linear_probe (supervised@glyphs)", "finetune (supervised@glyphs)"


def test_a_card_names_the_best_and_how_sure_it_is() -> None:
    found = cards(compared.a_summary())
    assert [(card.labels, card.setting) for card in found] == [
        ("10", PROBE),
        ("50", PROBE),
        ("250", TUNED),
        ("1,000", TUNED),
    ]
    asked = "3 comparisons of methods (with their initial weights) at one label budget for one backbone"
    assert found[0].certainty == f"Better than all 2 others, corrected for {asked}."
    assert found[1].certainty == f"The data can't tell it from {TUNED} (test_resnet), corrected for {asked}."


def test_what_was_not_tested_is_not_called_a_tie() -> None:
    """Some are named and the others counted."""
    assert cards(a_summary())[0].certainty == f"Not tested against {PROBE} (test_resnet): predictions are missing."
    methods = ("finetune", "linear_probe", "lora", "bitfit", "knn")
    (card,) = cards(summary_of(*(a_record(method=name, accuracy=0.9 - at / 10) for at, name in enumerate(methods))))
    assert card.certainty.startswith(
        f"Not tested against {PROBE} (test_resnet), lora (supervised@glyphs) (test_resnet)"
    )
    assert f"(test_resnet) and {len(methods) - 1 - NAMED} more: predictions are missing." in card.certainty


def test_a_single_row_is_told_as_such() -> None:
    (card,) = cards(summary_of(a_record(latency_ms={"1": 1.25}, profiled_in="0")))
    assert card.certainty == "Nothing else was measured at this budget."
    assert (card.accuracy, card.spread) == ("90.0", "1 seed: its noise is unknown")
    assert card.costs == "4.5 s a cell, 400 MiB, 1.2 ms for an image"


def test_the_lead_tells_from_where_on_another_is_best() -> None:
    (line,) = lead(compared.a_summary())
    assert line == (
        f"On digits, {PROBE} on test_resnet has the highest mean accuracy at 10 labels and {TUNED} on test_resnet from "
        "250 on."
    )


def test_the_lead_is_short_where_one_is_always_best() -> None:
    (line,) = lead(a_summary())
    assert line.endswith("has the highest mean accuracy at every budget from 50 to 1,000 labels.")
    (line,) = lead(summary_of(a_record()))
    assert line == f"On digits, {PROBE} on test_resnet has the highest mean accuracy at 50 labels."
    assert len(lead(summary_of(a_record(), a_record(dataset="glyphs")))) == 2


@pytest.mark.parametrize(
    ("more", "manifest", "expected"),
    [
        ([UNFINISHED], {}, Fact("failed or skipped", "1", alarming=True)),
        (
            [],
            {"cells": [*(each.cell_id for each in records()), "x", "y"]},
            Fact("not run yet", "2", alarming=True),
        ),
        ([a_record(cell_id="x", seed=3, audit={"own": False})], {}, Fact("audit", "1 of 25 failed", alarming=True)),
        ([a_record(cell_id="x", method="knn")], {}, Fact("seeds", "1 to 3")),
    ],
    ids=["failed", "missing", "audit", "seeds"],
)
def test_facts_that_spoil_belief_are_alarming(more: list[Record], manifest: dict[str, Any], expected: Fact) -> None:
    assert expected in facts(a_summary(*more, **manifest))
    assert expected not in facts(a_summary())


def test_facts_of_a_run_without_trouble() -> None:
    assert facts(a_summary()) == [
        Fact("cells with a number", "12 of 12"),
        Fact("seeds", "3"),
        Fact("audit", "24 passed"),
    ]
