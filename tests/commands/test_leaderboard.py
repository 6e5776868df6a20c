"""`bench leaderboard`: what its options choose, and where the table goes."""

from pathlib import Path

import pytest

from tests.material.command_line import Command
from tests.material.kept_runs import write_run
from tests.material.measured import row


@pytest.fixture(autouse=True)
def run(tmp_path: Path) -> Path:
    """Two methods on the digits; the first was measured more often."""
    probe, finetune = row([0.5, 0.5, 0.5]), row([0.75, 0.75], method="finetune")
    return write_run(tmp_path / "run", [*probe, *finetune])


@pytest.mark.parametrize(
    ("asked", "there", "absent"),
    [
        ((), "0.5", "0.75"),
        (("--method", "finetune"), "0.75", "0.5"),
        (("--metric", "peak_rss_mib"), "400", "0.5"),
    ],
    ids=str,
)
def test_what_is_asked_for_is_shown_alone(bench: Command, asked: tuple[str, ...], there: str, absent: str) -> None:
    """Without a word, the method that was measured most."""
    said = bench("leaderboard", "run", *asked, "--format", "csv")
    assert said.code == 0, said.err
    figures = said.out.splitlines()[1].split(",")
    assert any(figure.startswith(there) for figure in figures)
    assert absent not in figures


def test_it_is_written_where_out_says_and_printed_too(bench: Command, run: Path, tmp_path: Path) -> None:
    """Beside the records nothing is written."""
    there = sorted(run.iterdir())
    said = bench("leaderboard", "run", "--format", "md", "--out", "tables")
    assert (tmp_path / "tables" / "leaderboard.md").read_text().strip() == said.out.strip()
    assert sorted(run.iterdir()) == there


def test_formats_of_reports_alone_are_no_formats_of_it(bench: Command) -> None:
    """It is a table."""
    assert bench("leaderboard", "run", "--format", "parquet").code == 2
    assert "parquet" not in bench("leaderboard", "--help").out
