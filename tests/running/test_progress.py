"""What a person sees: durations, the time left, plain lines where there is no terminal."""

import dataclasses
from pathlib import Path

import pytest

from bench.records.identity import identity_fields
from bench.records.record import Record
from bench.running import progress
from bench.running.progress import TimeLeft, duration, screen
from bench.schema import Cell
from tests.material import tiny


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    """A cell."""
    return tiny.one_cell(tmp_path)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45.4, "45 s"), (89, "89 s"), (90, "2 min"), (720, "12 min"), (5399, "90 min"), (12240, "3.4 h")],
)
def test_duration_is_short(seconds: float, text: str) -> None:
    """Seconds, minutes or hours."""
    assert duration(seconds) == text


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock whose one value a test sets."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_time_left_is_the_price_until_a_cell_is_done(clock: list[float]) -> None:
    """What cells share is part of it."""
    left = TimeLeft({"a": 10.0, "b": 30.0}, 5.0)
    assert left.left_s() == 45.0


def test_time_left_is_corrected_by_what_cells_took(clock: list[float]) -> None:
    """The first cell pays for what all share; one that took twice its price doubles the rest, an unpriced one counts
    for nothing.
    """
    left = TimeLeft({"a": 10.0, "b": 30.0}, 5.0)
    clock[0] = 2 * (10.0 + 5.0)
    left.done("a")
    assert left.left_s() == 60.0
    clock[0] += 5.0
    left.done("unknown")
    assert left.left_s() == 60.0
    clock[0] += 15.0
    left.done("b")
    assert left.left_s() == 0.0


def test_what_cells_share_is_not_expected_of_each(clock: list[float]) -> None:
    """Cells that take what they were priced at leave the prices of the others."""
    left = TimeLeft({"a": 1.0, "b": 1.0, "c": 1.0}, 100.0)
    clock[0] = 100.0 + 1.0
    left.done("a")
    assert left.left_s() == 2.0


def test_without_a_terminal_lines_are_plain_and_on_stderr(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    """No control codes, nothing on stdout; a failure is told at once, with its reason."""
    fields = identity_fields(cell)
    failed = Record(**fields, status="failed", reason="ValueError: [bold]broken[/bold]")
    with screen() as shown:
        shown.say("first")
        shown.expect([cell], {cell.cell_id: 100.0}, 20.0)
        shown.cell(cell, "training", 1, 2)
        shown.done(cell, failed)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "\x1b" not in captured.err
    assert "expected to take about 2 min" in captured.err
    assert "ValueError: [bold]broken[/bold]" in captured.err
    assert cell.label in captured.err


def test_done_cells_are_not_each_a_line_without_a_terminal(
    cell: Cell, clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    """A log of a thousand cells stays short: a line at most every ten seconds."""
    fine = Record(**identity_fields(cell), status="ok", reason=None)
    clock[0] = 1000.0
    with screen() as shown:
        shown.expect([cell] * 50, {}, 0.0)
        for _ in range(50):
            clock[0] += 1.0
            shown.done(cell, dataclasses.replace(fine))
    lines = capsys.readouterr().err.splitlines()
    assert 4 <= len(lines) <= 6
    assert lines[-1].startswith("[")
