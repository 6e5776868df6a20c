"""`bench compare`, `baseline` and `history` as a user meets them: what they print, and with which code they end."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.gate.comparability import ALLOWED
from bench.records.record import Record
from tests.material.command_line import Command
from tests.material.measured import GPU, MACHINE, row

BASE = (0.90, 0.91, 0.89, 0.92, 0.90)
WORSE = tuple(value - 0.03 for value in BASE)
THROUGHPUT = "throughput_images_per_s"


def write_run(folder: Path, records: Sequence[Record], **machine: Any) -> Path:
    """Write a run's folder as `bench run` does; no side file stands beside the records."""
    folder.mkdir()
    (folder / "records.jsonl").write_text("".join(json.dumps(record.to_json()) + "\n" for record in records))
    manifest = {"environments": {"machine": {**MACHINE, **machine}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


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


def test_console_shows_each_row_with_its_interval(bench: Command, base: Path, tmp_path: Path) -> None:
    """Base, new, change and the word; then why the gate fails."""
    noisy = [value - 0.03 + each for value, each in zip(BASE, (0.001, -0.001, 0.002, 0, -0.002), strict=True)]
    out = bench("compare", base, write_run(tmp_path / "new", row(noisy)), "--fail-on", "accuracy:ci").out
    assert re.search(r"digits test_resnet .* 5 +90\.40 % +87\.40 % +-3 pp \(-3\.\d+ to -2\.\d+\) +worse", out)
    assert "1 worse: regressed (exit 1)" in out


def test_what_differs_is_named_with_both_values_and_what_allows_it(bench: Command, base: Path, tmp_path: Path) -> None:
    """A time needs the machine, and the driver; accuracy needs neither."""
    new = write_run(tmp_path / "new", row(BASE), gpu=GPU)
    answer = bench("compare", base, new, "--fail-on", "total_time:5%")
    assert "not comparable: gpu: none against name a GPU, memory_gib 80.0 (1 row)" in answer.out
    assert "if that is meant: --allow driver" in answer.out
    other = bench("compare", base, new, "--fail-on", "accuracy:ci")
    assert (other.code, "differs, but no limit here needs it: gpu: none against" in other.out) == (0, True)
    both = ("--allow", "gpu", "--allow", "driver")
    allowed = bench("compare", base, new, "--fail-on", "peak_rss:3%", *both)
    assert (allowed.code, "differs, but is allowed: gpu: none against" in allowed.out) == (0, True)
    refused = bench("compare", base, new, "--allow", "drivers")
    assert (refused.code, "did you mean driver" in refused.err) == (2, True)


def test_stored_times_come_with_a_warning(bench: Command, base: Path) -> None:
    """And only they."""
    assert "weak evidence" in bench("compare", base, base, "--fail-on", "throughput:5%").out
    assert "weak evidence" not in bench("compare", base, base, "--fail-on", "accuracy:ci").out


def test_cells_of_one_side_and_lost_ones_are_named(bench: Command, base: Path, tmp_path: Path) -> None:
    """With what allows it."""
    gone = [*row(BASE)[:3], *row([None] * 4, status="oom", reason="3 GiB too much")[3:]]
    out = bench("compare", base, write_run(tmp_path / "new", gone), "--fail-on", "accuracy:ci").out
    assert re.search(r"no longer a number: .* seed 3: oom: 3 GiB too much", out)
    assert re.search(r"only in BASE, 1: .* seed 4; if that is meant: --allow missing", out)


def test_markdown_for_a_pull_request_folds_away_what_is_the_same(bench: Command, tmp_path: Path) -> None:
    """Tables that GitHub reads: no bar in a cell is left bare."""
    base = [*row(BASE), *row(BASE, budget="9 | per class")]
    left = write_run(tmp_path / "base", base)
    right = write_run(tmp_path / "new", [*row(WORSE), *row(BASE, budget="9 | per class")])
    out = bench("compare", left, right, "--format", "github", "--fail-on", "accuracy:ci").out
    assert out.startswith("### bench compare: regressed\n")
    shown, folded = out.split("<details>")
    assert ("worse" in shown, "9 \\| per class" in folded.split("</details>")[0]) == (True, True)
    tables = [line for line in out.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {7}


def test_markdown_fits_into_a_comment(bench: Command, tmp_path: Path) -> None:
    """Of many rows the first are shown, and how many more there are."""
    base = [record for number in range(400) for record in row(BASE[:2], budget=f"{number} labels")]
    new = [record for number in range(400) for record in row(WORSE[:2], budget=f"{number} labels", peak_rss_mib=500)]
    left, right = write_run(tmp_path / "base", base), write_run(tmp_path / "new", new)
    out = bench("compare", left, right, "--format", "github").out
    assert len(out) < 65_536
    assert "... and 340 more rows; `--format json` has them all" in out


def test_json_is_one_document_with_every_verdict(bench: Command, base: Path, tmp_path: Path) -> None:
    """Numbers in full, shares where a rule is relative."""
    new = write_run(tmp_path / "new", row([0.9] * 5, peak_rss_mib=440.0, trainable_params=0), python="3.12.1")
    rules = [word for rule in ("peak_rss:3%", "trainable_params:0") for word in ("--fail-on", rule)]
    document = bench("compare", base, new, *rules, "--format", "json", "--allow", "versions").json
    memory, parameters = document["verdicts"]
    assert (memory["word"], memory["change"]["value"]) == ("worse", pytest.approx(0.1))
    assert (parameters["word"], parameters["change"]["value"]) == ("better", -650)
    assert document["allowed"] == ["versions"]
    assert [each["condition"] for each in document["differs_without_harm"]] == ["versions"]
    assert document["counts"] == {"worse": 1, "not comparable": 0, "unknown": 0, "better": 1, "same": 0}


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


def test_picture_of_the_same_baselines_is_the_same_file(bench: Command, base: Path, tmp_path: Path) -> None:
    """Byte for byte."""
    bench("baseline", "save", "main", base)
    pictures = []
    for name in ("one.svg", "two.svg"):
        bench("history", "--metric", "accuracy", "--picture", name)
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]


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
