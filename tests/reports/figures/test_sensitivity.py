"""Validation accuracy against the learning rates that were tried."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from bench.answers.summary import Summary, summarise
from bench.reports.figures import drawing
from bench.reports.figures.sensitivity import sensitivity_curves
from tests.material.examples import a_record
from tests.material.summaries import TRIALS, a_summary, summary_of


def tuned(**changes: object) -> Summary:
    return summarise([a_record(search="random", trials=TRIALS, **changes)], {})


def test_the_picture_is_the_same_bytes_for_the_same_numbers(tmp_path: Path) -> None:
    one, other = (sensitivity_curves(tuned(), tmp_path / name) for name in ("one", "other"))
    assert one is not None
    assert other is not None
    assert one.read_bytes() == other.read_bytes()
    assert ElementTree.parse(one).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_each_setting_is_drawn_at_its_largest_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the lowest rate to the highest, in per cent."""
    figures: list[Figure] = []

    def kept(**options: object) -> Figure:
        figures.append(Figure(**options))
        return figures[-1]

    monkeypatch.setattr(drawing, "Figure", kept)
    more = [{**TRIALS[0], "val_accuracy": 0.7}, *TRIALS[1:]]
    made = [
        a_record(search="random", trials=trials, n_labels=labels, budget=f"{labels} labels", method=method)
        for method in ("linear_probe", "finetune")
        for labels, trials in ((500, more), (50, TRIALS))
    ]
    assert sensitivity_curves(summary_of(*made), tmp_path) is not None
    (axes,) = figures[0].axes
    assert [line.get_label() for line in axes.lines] == [
        "linear_probe (supervised@glyphs)",
        "finetune (supervised@glyphs)",
    ]
    for line in axes.lines:
        assert line.get_xdata().tolist() == [0.1, 0.2, 0.3]
        assert line.get_ydata().tolist() == pytest.approx([70.0, 40.0, 60.0])


def test_a_single_rate_is_no_curve(tmp_path: Path) -> None:
    assert sensitivity_curves(a_summary(), tmp_path) is None
    assert sensitivity_curves(summarise([a_record(search="random", trials=TRIALS[:1])], {}), tmp_path) is None
