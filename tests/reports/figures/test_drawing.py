"""What all pictures share: names are text, looks are told apart, and a file is the same bytes twice."""

from pathlib import Path
from xml.etree import ElementTree

from matplotlib.figure import Figure

from bench.reports.figures.crossing_maps import crossing_maps
from bench.reports.figures.drawing import COLOURS, MARKERS, drawn, legend_beside, legend_width, literal, look
from bench.reports.figures.rank_diagram import rank_diagram
from tests.material import compared
from tests.material.summaries import render


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    """Dollars are no formula to the picture, tags none to the report."""
    summary = compared.a_summary(weights="$x^$ <script>")
    assert crossing_maps(summary, tmp_path) is not None
    assert rank_diagram(compared.a_summary(tuple("abcde"), weights="$x^$"), tmp_path)
    assert "<script>" not in render("md", summary, tmp_path)


def test_a_name_with_dollars_is_no_formula() -> None:
    assert literal("a$x^$b") == r"a\$x^\$b"
    assert literal("plain_name") == "plain_name"


def test_settings_look_different_for_as_long_as_there_are_looks() -> None:
    """Where the colours begin anew, the markers differ."""
    count = len(COLOURS) * len(MARKERS)
    looks = [(look(position)["color"], look(position)["marker"]) for position in range(count)]
    assert len(set(looks)) == count
    assert len({colour for colour, _ in looks[: len(COLOURS)]}) == len(COLOURS)


def test_a_picture_has_its_size_and_no_date(tmp_path: Path) -> None:
    """In a folder that is made for it; 72 points are an inch."""
    paths = [tmp_path / name / "picture.svg" for name in ("one", "other")]
    for path in paths:
        with drawn(path, 2.0, 1.0) as figure:
            figure.subplots().plot([1, 2], [3, 4], marker="o")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    root = ElementTree.parse(paths[0]).getroot()
    assert (root.get("width"), root.get("height")) == ("144pt", "72pt")
    assert b"date" not in paths[0].read_bytes()


def test_a_legend_names_each_setting_once() -> None:
    figure = Figure()
    panels = figure.subplots(1, 2)
    for axes in panels:
        axes.plot([1, 2], [3, 4], label="finetune")
    legend_beside(figure, panels)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["finetune"]
    assert legend_width(["a" * 40]) > legend_width(["a"]) > legend_width([]) > 0
