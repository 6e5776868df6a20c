"""`bench compare`, `baseline` and `history` as a user meets them: what they print, and with which code they end."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.gate.comparability import ALLOWED
from tests.material.command_line import Command
from tests.material.kept_runs import write_run
from tests.material.measured import row

BASE = (0.90, 0.91, 0.89, 0.92, 0.90)
WORSE = tuple(value - 0.03 for value in BASE)
THROUGHPUT = "throughput_images_per_s"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A run of one row with five seeds."""
    return write_run(tmp_path / "base", row(BASE))


@pytest.mark.parametrize(
    ("records", "rules", "code"),
    [
        (row(BASE), ["accuracy:ci", "peak_rss:3%"], 0),
        (row([value + 0.03 for value in BASE]), ["accuracy:ci"], 0),
        (row(WORSE), ["accuracy:ci"], 1),
        (row(BASE, peak_rss_mib=500.0), ["accuracy:ci", "peak_rss:3%"], 1),
        (row(BASE, total_s=3.01), ["total_time:5%"], 4),
        (row(BASE, backbone="another"), ["accuracy:ci"], 4),
        (row(BASE), ["peak_cuda:5%"], 4),
        (row(BASE, precision="bf16"), ["accuracy:ci"], 5),
        (row(BASE, device="cuda"), ["accuracy:ci"], 5),
        (row(BASE, batch_size=32), ["accuracy:ci"], 5),
        (row(BASE, threads=8), ["throughput:5%"], 5),
        (row(BASE), ["acuracy:ci"], 2),
        (row(BASE), ["accuracy"], 2),
    ],
)
def test_exit_code_says_what_was_found(
    bench: Command, base: Path, tmp_path: Path, records: Any, rules: list[str], code: int
) -> None:
    """0 the same or better, 1 worse, 4 unknown or nothing compared, 5 not comparable, 2 usage."""
    new = write_run(tmp_path / "new", records)
    limits = [word for rule in rules for word in ("--fail-on", rule)]
    answer = bench("compare", base, new, *limits)
    assert answer.code == code, answer.out + answer.err
    assert "Traceback" not in answer.err
    if code != 2:
        assert answer.out.rstrip().endswith(f"(exit {code})")
        assert bench("compare", base, new, *limits, "--format", "json").json["exit_code"] == code


def test_what_is_no_run_is_told_in_one_line(bench: Command, base: Path, tmp_path: Path) -> None:
    """As are a broken record and a newer one."""
    assert bench("compare", base, "nowhere").code == 2
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "records.jsonl").write_text('{"cell_id": 1}\n')
    answer = bench("compare", base, torn)
    assert (answer.code, answer.err.count("\n"), "no record" in answer.err) == (2, 1, True)


def test_a_baseline_is_saved_listed_shown_and_compared(bench: Command, base: Path, tmp_path: Path) -> None:
    """By its name, in the folder where the command is called."""
    saved = bench("baseline", "save", "v1.0", base)
    assert (saved.code, saved.out) == (0, f"results/baselines/v1.0.jsonl: 5 cells of {base}\n")
    assert bench("baseline", "save", "v1.0", base).code == 2
    assert bench("baseline", "save", "v1.0", base, "--force").code == 0
    assert bench("baseline", "save", "../v1.0", base).code == 2
    assert "v1.0" in bench("baseline", "ls").out
    assert [each["title"] for each in bench("baseline", "ls", "--json").json] == ["v1.0"]
    assert "90.40 %" in bench("baseline", "show", "v1.0").out
    assert bench("baseline", "show", "v1.0", "--json").json["rows"][0]["means"]["accuracy"] == pytest.approx(0.904)
    assert bench("baseline", "show", "v2.0").code == 2
    assert bench("compare", "v1.0", base, "--fail-on", "accuracy:ci").code == 0
    assert bench("compare", "v1.0", write_run(tmp_path / "new", row(WORSE)), "--fail-on", "accuracy:ci").code == 1


def test_without_a_run_the_latest_one_is_saved(bench: Command, tmp_path: Path) -> None:
    """Of the folder `results`."""
    assert bench("baseline", "save", "main").code == 2
    (tmp_path / "results").mkdir()
    write_run(tmp_path / "results" / "suite", row(BASE))
    assert bench("baseline", "save", "main").out.endswith("5 cells of results/suite\n")


def test_history_is_advice(bench: Command, tmp_path: Path) -> None:
    """It ends with 0 whatever it finds, and with 2 on a slip."""
    assert "no baseline yet" in bench("history").out
    for day in range(20):
        level = 100 if day < 10 else 60
        records = row(
            [level + day % 3, level + day % 2], THROUGHPUT, finished_at=f"2026-11-{day + 1:02}T12:00:00+00:00"
        )
        bench("baseline", "save", f"{day:02}", write_run(tmp_path / str(day), records))
    answer = bench("history", "--picture", "trend.svg")
    assert (answer.code, "10: -40 % from here on (worse" in answer.out) == (0, True)
    assert (tmp_path / "trend.svg").read_text().startswith("<?xml")
    (series,) = bench("history", "--json").json["series"]
    assert [each["baseline"] for each in series["change_points"]] == ["10"]
    assert bench("history", "--metric", "acuracy").code == 2
    assert bench("history", "nothing").code == 2


def test_help_says_the_exit_codes(bench: Command) -> None:
    """Where a user looks for them."""
    out = bench("compare", "--help").out
    assert all(said in " ".join(out.split()) for said in ("0 the same or better", "4 unknown", "5 not comparable"))


def test_the_gate_imports_no_torch(base: Path) -> None:
    """A check in CI starts at once."""
    code = (
        "import sys; from bench.cli import cli\n"
        f"try: cli.main(['compare', {str(base)!r}, {str(base)!r}], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ALLOWED)
def test_every_condition_may_be_allowed(bench: Command, base: Path, name: str) -> None:
    """By the name that the refusal tells."""
    assert bench("compare", base, base, "--fail-on", "accuracy:ci", "--allow", name).code == 0
