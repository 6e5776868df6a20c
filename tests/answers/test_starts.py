"""The linear probe and full fine-tuning are paired where they started from the same, and nowhere else."""

from typing import Any

import pytest

from bench.answers.starts import by_start, frozen_and_tuned
from bench.answers.summary import summarise
from bench.schema import Choice
from tests.material.examples import a_cell, a_record
from tests.material.summaries import a_summary, summary_of


def test_pairs_are_frozen_and_tuned_at_the_same_budget() -> None:
    pairs = a_summary().ask(frozen_and_tuned)
    assert [(frozen.method, tuned.method) for frozen, tuned in pairs] == [("linear_probe", "finetune")] * 2
    assert [(frozen.n_labels, tuned.n_labels) for frozen, tuned in pairs] == [(50, 50), (1000, 1000)]


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "glyphs"},
        {"backbone": "test_vit"},
        {"weights": "random"},
        {"weights_sha256": "b" * 64},
        {"budget": "10 per class"},
        {"n_labels": 100},
        {"device": "cuda"},
        {"precision": "bf16"},
        {"image_selection": "kcenter"},
    ],
    ids=str,
)
def test_whatever_else_differs_is_no_pair(change: dict[str, Any]) -> None:
    assert len(summary_of(a_record(), a_record(method="finetune")).ask(frozen_and_tuned)) == 1
    assert summary_of(a_record(), a_record(method="finetune", **change)).ask(frozen_and_tuned) == []


def test_rows_of_two_machines_are_no_pair() -> None:
    machines = {name: {"processor": name, "cores": 2, "gpu": None} for name in ("slow", "fast")}
    made = [a_record(cell_id="frozen", env="slow"), a_record(cell_id="tuned", method="finetune", env="fast")]
    assert summarise(made, {"environments": machines}).ask(frozen_and_tuned) == []
    assert len(summarise(made, {}).ask(frozen_and_tuned)) == 1


def test_other_methods_are_in_no_pair() -> None:
    assert summary_of(*(a_record(method=name) for name in ("scratch", "lp_ft", "finetune"))).ask(frozen_and_tuned) == []


def test_pairs_of_a_start_are_its_budgets() -> None:
    """Weights of another hash are another start."""
    made = [
        a_record(method=method, weights_sha256=weights, n_labels=labels, budget=f"{labels} labels")
        for weights in ("a" * 64, "b" * 64)
        for method in ("linear_probe", "finetune")
        for labels in (50, 500)
    ]
    starts = summary_of(*made).ask(by_start)
    assert [[frozen.n_labels for frozen, _ in pairs] for pairs in starts] == [[50, 500]] * 2
    assert [{row.weights_sha256 for pair in pairs for row in pair} for pairs in starts] == [{"a" * 64}, {"b" * 64}]


def test_two_ways_to_fine_tune_are_two_starts() -> None:
    """The curve of one is not mixed with the other's."""
    tuned = [a_cell(method=Choice("finetune", params)) for params in ({}, {"steps": 5})]
    made = [a_record(), *(a_record(cell, method_settings=dict(cell.method.params)) for cell in tuned)]
    starts = summary_of(*made).ask(by_start)
    assert [[tuned.method for _, tuned in pairs] for pairs in starts] == [["finetune"], ["finetune(steps=5)"]]
