"""A baseline is shown with where it was measured, and with the mean figures of its rows."""

import json

import pytest

from bench.reports.checks.baseline import render_json, render_list, render_side
from tests.material.measured import a_side, row

SIDE = a_side([*row([0.9, 0.8], peak_rss_mib=400.0), *row([0.5], budget="9 per class", peak_rss_mib=410.0)], "main")


def test_each_row_has_its_mean_figures() -> None:
    """With their units, and over how many seeds; figures that no cell has get no column."""
    head, _, titles, _, *rows = render_side(SIDE).split("\n")
    assert head == f"main: a processor, 2 cores; commit {'0' * 40}; 2026-11-01T12:00:00+00:00"
    assert titles.split()[:3] == ["row", "seeds", "accuracy"]
    assert "median" not in titles
    assert [("85.00 %" in line, "50.00 %" in line) for line in rows] == [(True, False), (False, True)]
    assert ["400 MiB" in line for line in rows] == [True, False]


def test_the_list_has_a_line_for_each() -> None:
    """Or says how to make one."""
    lines = render_list([SIDE, a_side([], "empty")]).split("\n")[2:]
    assert [line.split()[0] for line in lines] == ["main", "empty"]
    assert ("000000000000" in lines[0], " 3 " in lines[0], " - " in lines[1]) == (True, True, True)
    assert "bench baseline save NAME RUN" in render_list([])


def test_the_document_has_every_figure() -> None:
    """In full."""
    document = json.loads(render_json(SIDE))
    assert [(each["count"], each["means"]["accuracy"]) for each in document["rows"]] == [
        (2, pytest.approx(0.85)),
        (1, 0.5),
    ]
    assert document["rows"][1]["row"]["budget"] == "9 per class"
    assert (document["title"], document["machine"]) == ("main", "a processor, 2 cores")
