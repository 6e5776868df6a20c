"""`bench history`: which rows are followed, and where a picture goes."""

from pathlib import Path

import pytest

from tests.material.command_line import Command
from tests.material.kept_runs import write_run
from tests.material.measured import row


@pytest.fixture(autouse=True)
def baselines(bench: Command, tmp_path: Path) -> None:
    """Two, of two rows each."""
    for day in (1, 2):
        at = f"2026-11-{day:02}T12:00:00+00:00"
        records = [*row([0.5, 0.6], finished_at=at), *row([0.7, 0.8], method="finetune", finished_at=at)]
        bench("baseline", "save", f"v{day}", write_run(tmp_path / f"v{day}", records))


def test_a_glob_picks_rows_by_their_label(bench: Command) -> None:
    """Without one, all."""

    def followed(*pattern: str) -> list[str]:
        series = bench("history", *pattern, "--metric", "accuracy", "--json").json["series"]
        return sorted(each["row"]["method"] for each in series)

    assert followed() == ["finetune", "linear_probe"]
    assert followed("*finetune*") == ["finetune"]


def test_a_picture_is_drawn_beside_what_is_printed(bench: Command, tmp_path: Path) -> None:
    """And only where it is asked for."""
    plain = bench("history", "--metric", "accuracy")
    assert not list(tmp_path.glob("*.svg"))
    drawn = bench("history", "--metric", "accuracy", "--picture", "trend.svg")
    assert (drawn.code, drawn.out) == (0, plain.out)
    assert (tmp_path / "trend.svg").read_text().startswith("<?xml")
