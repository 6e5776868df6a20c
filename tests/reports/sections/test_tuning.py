"""What tuning brought and cost."""

import csv
import io
from pathlib import Path
from xml.etree import ElementTree

from bench.answers.notes import notes
from bench.answers.summary import summarise
from tests.material.examples import a_record
from tests.material.summaries import MANIFEST, TRIALS, a_summary, render, table_of


def test_tuning_is_told_with_what_it_cost_and_what_hangs_on_it(tmp_path: Path) -> None:
    """Best, middle and worst on validation; optimism is best on validation over test; edges are counted."""
    tuned = a_record(
        search="random", trials=TRIALS, accuracy=0.7, tune_s=3.0, chosen={"tuned_edges": ["learning_rate"]}
    )
    summary = summarise([tuned], MANIFEST)
    headers, ((*_, trials, seconds, best, middle, worst, test, optimism, _, edges),) = table_of("tuning", summary)
    assert len(headers) == 12
    assert (trials, seconds, best, middle, worst, test) == (
        "3 (random)",
        "3.0",
        "90.0 (1)",
        "60.0 (1)",
        "40.0 (1)",
        "70.0 (1)",
    )
    assert (optimism, edges) == ("+20.0", "learning_rate 1 of 1")
    assert any("at the edge of what was tried" in note for note in summary.ask(notes))
    assert "## Tuning" in render("md", summary, tmp_path)
    (line,) = csv.DictReader(io.StringIO(render("csv", summary, tmp_path)))
    assert (line["tried_best"], line["tried_search"], line["tried_edges_learning_rate"]) == ("0.9", "random", "1")
    assert "](sensitivity.svg)" in render("md", summary, tmp_path)
    ElementTree.parse(tmp_path / "sensitivity.svg")
    assert "## Tuning" not in render("md", a_summary(), tmp_path)
