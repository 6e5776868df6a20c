"""A history shows each row as bars, marks where it moved, and names what was left out."""

import json
from pathlib import Path

import pytest

from bench.gate.history import follow
from bench.gate.samples import Side
from bench.reports.checks.trends import ADVICE, render_console, render_json
from bench.reports.figures.trend import draw
from tests.material.command_line import Command
from tests.material.kept_runs import write_run
from tests.material.measured import a_side, row

BASE = (0.90, 0.91, 0.89, 0.92, 0.90)
THROUGHPUT = "throughput_images_per_s"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A run of one row with five seeds."""
    return write_run(tmp_path / "base", row(BASE))


def test_picture_of_the_same_baselines_is_the_same_file(bench: Command, base: Path, tmp_path: Path) -> None:
    """Byte for byte."""
    bench("baseline", "save", "main", base)
    pictures = []
    for name in ("one.svg", "two.svg"):
        bench("history", "--metric", "accuracy", "--picture", name)
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]


def days(*levels: float) -> list[Side]:
    """Return baselines of one row, one a day, at these levels."""
    return [a_side(row([level - 1, level + 1], THROUGHPUT), f"{day:02}") for day, level in enumerate(levels)]


def test_each_row_is_a_line_of_bars_with_its_change_points_beneath() -> None:
    """From its lowest to its highest; a change is told at its baseline, with which way it went."""
    text = render_console(follow(days(*[100 + day % 3 for day in range(10)], *[60 + day % 3 for day in range(10)])))
    head, line, mark = text.split("\n")[0], *text.split("\n\n")[1].split("\n")
    assert head.startswith("throughput over 20 baselines, oldest first")
    assert line.index("█") < line.index("▁")
    assert line.endswith("100 images/s -> 60 images/s")
    assert mark.strip().startswith("10: -40 % from here on (worse, p = 0.00")
    assert text.endswith(ADVICE)


def test_what_stands_in_no_series_is_named_and_few_points_are_told() -> None:
    """With what differs; under ten baselines nothing can be found."""
    sides = [a_side(row([100.0], THROUGHPUT), "there", processor="another"), *days(100.0, 101.0)]
    text = render_console(follow(sides))
    assert "left out: there: processor: another, 2 cores against a processor, 2 cores" in text
    assert text.endswith("Fewer than 10 baselines: no change point can be found yet.")
    assert render_console(follow([])) == "no baseline yet; save some with bench baseline save NAME RUN"


def test_the_document_has_every_point() -> None:
    document = json.loads(render_json(follow(days(100.0, 110.0))))
    assert [point["value"] for point in document["series"][0]["points"]] == [100.0, 110.0]
    assert (document["metric"], document["unit"], document["fewest_on_either_side"]) == ("throughput", "images/s", 3)


def test_a_picture_is_svg_whatever_its_file_is_called(tmp_path: Path) -> None:
    """In a folder that is made for it."""
    path = tmp_path / "pictures" / "trend"
    draw(follow(days(100.0, 110.0)), path)
    assert path.read_text().startswith("<?xml")
