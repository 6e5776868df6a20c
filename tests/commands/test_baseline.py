"""`bench baseline`: saved, listed and shown."""

from pathlib import Path

from tests.material.command_line import Command
from tests.material.kept_runs import write_run
from tests.material.measured import row

BASE = (0.90, 0.91, 0.89, 0.92, 0.90)


def test_cells_without_a_number_are_left_out_and_counted(bench: Command, tmp_path: Path) -> None:
    """A baseline holds what can be compared."""
    lost = row([None] * 5, status="oom", reason="3 GiB too much")[3:]
    write_run(tmp_path / "run", [*row(BASE)[:3], *lost])
    said = bench("baseline", "save", "main", "run")
    assert said.out == "results/baselines/main.jsonl: 3 cells of run, 2 without a number left out\n"


def test_list_as_json_tells_of_what_each_was_made(bench: Command, tmp_path: Path) -> None:
    """Name, time, commit and machine, oldest first."""
    for name, day in (("second", "02"), ("first", "01")):
        records = row(BASE, finished_at=f"2026-11-{day}T12:00:00+00:00")
        bench("baseline", "save", name, write_run(tmp_path / name, records))
    found = bench("baseline", "ls", "--json").json
    assert [each["title"] for each in found] == ["first", "second"]
    assert [list(each) for each in found] == [["title", "made_at", "commit", "machine"]] * 2


def test_without_a_baseline_the_list_says_so(bench: Command) -> None:
    """It is no mistake; to show one that is not there is."""
    assert bench("baseline", "ls").code == 0
    assert bench("baseline", "ls", "--json").json == []
    assert bench("baseline", "show", "main").code == 2
