"""The section on accuracy says what its figures are means over."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.answers.summary import Summary, summarise
from bench.reports.sections.accuracy import seeds_sentence
from tests.material import compared
from tests.material.examples import a_record
from tests.material.summaries import render


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (compared.a_summary, "A seed draws labelled images, initialisation and order of training together."),
        (
            compared.apart,
            "Seeds that varied apart: labelled images (3 seeds); initialisation (2 seeds). The same in all cells: "
            "order of training.",
        ),
        (lambda: compared.apart(2), "The same in all cells: order of training. Cells ran up to 2 times."),
        (lambda: summarise([a_record()], {}), "A single seed drew the labelled images"),
    ],
)
def test_report_says_which_seeds_varied(made: Callable[[], Summary], said: str, tmp_path: Path) -> None:
    summary = made()
    assert said in seeds_sentence(summary)
    assert seeds_sentence(summary) in render("md", summary, tmp_path)
