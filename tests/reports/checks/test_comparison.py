"""A comparison, as a user reads it: what it is about, each row with its interval, what differs, and the outcome."""

import re
from pathlib import Path

import pytest

from tests.material.command_line import Command
from tests.material.kept_runs import write_run
from tests.material.measured import GPU, row

BASE = (0.90, 0.91, 0.89, 0.92, 0.90)
WORSE = tuple(value - 0.03 for value in BASE)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A run of one row with five seeds."""
    return write_run(tmp_path / "base", row(BASE))


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
