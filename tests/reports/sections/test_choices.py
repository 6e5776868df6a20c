"""How many choices each method had, with the best and the worst of them."""

import numpy as np

from bench.answers.summary import summarise
from tests.material.examples import a_record
from tests.material.summaries import TRIALS, a_summary, table_of


def test_each_row_tells_its_choices_apart() -> None:
    made = [
        a_record(cell_id="tuned", method="finetune", method_settings={}, chosen={"step": 20}, trials=TRIALS),
        a_record(cell_id="probe", chosen={"l2": 10.0}),
        a_record(cell_id="few", n_labels=10, budget="1 per class", chosen={"l2": 1.0}, val_accuracy=None),
    ]
    curves = {"tuned": {"candidate_accuracies": np.array([0.2, 0.95, 0.9])}}
    headers, cells = table_of("choices", summarise(made, {}, curves=lambda cell: curves.get(cell, {})))
    assert headers[3:] == [
        "trials",
        "own values",
        "checkpoints",
        "best trial on validation, %",
        "worst trial, %",
        "reported on test, %",
        "best on test, %",
        "worst on test, %",
    ]
    told = {(line[1].partition(" ")[0], line[2]): line[3:] for line in cells}
    assert told["finetune", "5 per class (50 labels)"] == [
        *("3", "-", "3", "90.0 (1)", "40.0 (1)", "90.0 (1)", "95.0 (1)", "20.0 (1)")
    ]
    assert told["linear_probe", "5 per class (50 labels)"][:3] == ["-", "l2: 2", "-"]
    assert told["linear_probe", "1 per class (10 labels)"][:3] == ["-", "-", "none"]


def test_columns_without_any_figure_are_left_out() -> None:
    headers, cells = table_of("choices", a_summary())
    assert headers[3:] == ["trials", "own values", "checkpoints", "reported on test, %"]
    assert len(cells) == 4
