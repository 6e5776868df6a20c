"""`bench compare`: which rules hold where none is named, and one document for each format."""

from pathlib import Path

import pytest

from bench.commands.compare import RENDERINGS
from tests.material.command_line import Command
from tests.material.kept_runs import write_run
from tests.material.measured import row

BASE = (0.90, 0.91, 0.89, 0.92, 0.90)


@pytest.fixture(autouse=True)
def base(tmp_path: Path) -> Path:
    """A run of one row with five seeds."""
    return write_run(tmp_path / "base", row(BASE))


def test_without_a_rule_the_usual_ones_hold(bench: Command, tmp_path: Path) -> None:
    """A loss that any of them calls worse fails; each may be asked for alone."""
    write_run(tmp_path / "new", row(BASE, peak_rss_mib=500.0))
    usual = bench("compare", "base", "new", "--format", "json").json
    assert {each["word"] for each in usual["verdicts"]} >= {"worse", "same"}
    assert usual["exit_code"] == bench("compare", "base", "new").code == 1
    assert bench("compare", "base", "new", "--fail-on", "accuracy:ci").code == 0


def test_what_may_not_differ_is_refused_before_anything_is_read(bench: Command) -> None:
    """A name that is none is a slip, even where there is nothing to compare."""
    said = bench("compare", "nowhere", "nowhere", "--allow", "drivers")
    assert (said.code, "did you mean driver" in said.err) == (2, True)


@pytest.mark.parametrize("format_", RENDERINGS)
def test_every_format_says_what_the_exit_code_says(bench: Command, format_: str) -> None:
    """On stdout alone."""
    said = bench("compare", "base", "base", "--fail-on", "accuracy:ci", "--format", format_)
    assert (said.code, said.err) == (0, "")
    assert "same" in said.out
