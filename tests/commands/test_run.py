"""`bench run`: what it prints, writes and ends with, and how it goes on after Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.commands.run import closing
from bench.machine import cache
from bench.machine.housekeeping import entries
from bench.running.run import RunResult
from tests.material import tiny
from tests.material.command_line import PROBE, QUICK, Command
from tests.material.examples import a_record


def interruptible() -> None:
    """Hear Ctrl-C, as a program that a terminal has started does, wherever the tests were started from."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_run_reports_and_returns_0(bench: Command, suite: Path, tmp_path: Path) -> None:
    """A table on stdout, three reports in the run's folder, results/<suite> by default."""
    said = bench("run", suite, *PROBE, *QUICK)
    assert said.code == 0, said.err
    assert "linear_probe (random)" in said.out
    assert "1 cell: 1 ran and has its number, 0 failed, 0 skipped, 0 there already; report: " in said.out
    written = {path.name for path in (tmp_path / "results" / "tiny").iterdir()}
    assert {"records.jsonl", "manifest.json", "report.txt", "report.md", "report.csv"} <= written


def test_run_json_prints_one_document(bench: Command, suite: Path) -> None:
    """All else goes to stderr."""
    said = bench("run", suite, *PROBE, *QUICK, "--json").json
    assert (said["ran"], said["resumed"]) == (1, 0)
    (record,) = said["records"]
    assert (record["status"], record["n_labels"], record["limit"]) == ("ok", 20, 60)
    again = bench("run", suite, *PROBE, *QUICK, "--json").json
    assert (again["ran"], again["resumed"]) == (0, 1)
    assert again["records"] == [record]


def test_run_returns_3_where_a_cell_has_no_number(bench: Command, suite: Path) -> None:
    """The others have theirs, and the report names the reason."""
    said = bench("run", suite, *PROBE, *QUICK, "--set", "grid.weights=[random, pretrained]", "--json")
    assert said.code == 3
    assert sorted(record["status"] for record in said.json["records"]) == ["ok", "skipped"]
    assert "--weights-dir" in bench("report", "results/tiny").out


def test_run_reports_even_where_no_cell_has_a_number(bench: Command, suite: Path) -> None:
    """No weights at all: exit code 3, a reason, no traceback."""
    said = bench("run", suite, *PROBE, *QUICK, "--set", "grid.weights=pretrained")
    assert said.code == 3
    assert "1 cell: 0 ran and have their number, 0 failed, 1 skipped, 0 there already" in said.out
    assert "Traceback" not in said.out + said.err


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (RunResult(0, 0, 104, 0, (a_record(),) * 104), "104 cells: 0 ran and have their number, 0 failed, 104 skipped"),
        (RunResult(1, 2, 0, 3, (a_record(),) * 2), "6 cells: 1 ran and has its number, 2 failed, 0 skipped, 3 there"),
        (RunResult(0, 0, 0, 3, (a_record(),)), "3 there already (1 without a number; --rerun failed)"),
    ],
)
def test_closing_line_counts_each_cell_once(result: RunResult, told: str) -> None:
    """What ran has a number; what was skipped did not run; what failed before is not called done."""
    assert told in closing(result)


def test_dry_run_lists_the_cells_and_writes_nothing(bench: Command, suite: Path, tmp_path: Path) -> None:
    """The same as `plan`."""
    said = bench("run", suite, "--dry-run", "--device", "cpu")
    assert said.code == 0
    assert "6 cells, 0 done, 6 to run" in said.out
    assert said.out == bench("plan", suite, "--device", "cpu").out
    assert not (tmp_path / "results").exists()


def test_cell_runs_one_again_in_this_process(bench: Command, suite: Path) -> None:
    """By the beginning of its id, even where it is done."""
    rows = bench("plan", suite, "--limit", "60", "--device", "cpu", "--json").json
    mine = next(row["cell_id"] for row in rows if "linear_probe" in row["cell"])
    for _ in range(2):
        said = bench("run", suite, "--limit", "60", "--device", "cpu", "--cell", mine[:8], "--json").json
        assert said["ran"] == 1
        assert [(record["cell_id"], record["executor"]) for record in said["records"]] == [(mine, "inline")]


def test_set_overrides_a_key(bench: Command, suite: Path) -> None:
    """Nested keys by dots, a single value for a list as a list of one."""
    args = ("--set", "train.steps=2", "--set", "grid.seed=[3]", "--set", "grid.method=scratch")
    said = bench("run", suite, *QUICK, *args, "--filter", "labels_per_class=2", "--json").json
    (record,) = said["records"]
    assert (record["seed"], record["method"], record["steps_done"]) == (3, "scratch", 2)


def test_run_keeps_the_cache_under_its_limit(
    bench: Command, suite: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was used least recently goes, with a word on stderr; what the run itself made stays."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCH_CACHE_LIMIT", "0")
    root = cache.default_root()
    old = cache.folder(root, "features", "old", "old features", lambda folder: {})
    os.utime(old / cache.MANIFEST, (0, 0))
    said = bench("run", suite, *PROBE, *QUICK)
    assert said.code == 0, said.err
    assert "cache: 1 entries removed to keep it under 0 B" in said.err
    kinds = [entry.kind for entry in entries(root)]
    assert (sorted(set(kinds)), kinds.count("features")) == (["decoded", "duplicates", "features"], 2)


def test_a_check_of_the_cache_that_is_none_is_told_before_anything_runs(
    bench: Command, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_CACHE_CHECK", "never")
    said = bench("run", suite, *PROBE, *QUICK)
    assert (said.code, said.err) == (2, "bench: error: BENCH_CACHE_CHECK=never: write always or changed\n")


@pytest.mark.parametrize("check", ["always", "changed"])
def test_a_bit_that_flipped_in_the_cache_moves_no_number(
    check: str, bench: Command, suite: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Size and time are what they were; what was damaged is made again, with a word on stderr."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCH_CACHE_CHECK", check)
    (before,) = bench("run", suite, *PROBE, *QUICK, "--out", "before", "--json").json["records"]
    for path in cache.default_root().glob("*/*/*.npy"):
        stat = path.stat()
        contents = bytearray(path.read_bytes())
        contents[-1] ^= 64
        path.write_bytes(contents)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    said = bench("run", suite, *PROBE, *QUICK, "--out", "after", "--json")
    assert said.err.count(": not as it was written; made again\n") >= 3
    assert "images of 10 classes, resize" in said.err
    assert "test_resnet: features of " in said.err
    (after,) = said.json["records"]
    assert after["accuracy"] == before["accuracy"]
    again = bench("run", suite, *PROBE, *QUICK, "--out", "again")
    assert "made again" not in again.err


def test_no_cache_leaves_no_features_behind(
    bench: Command, suite: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And gives the same accuracy."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (alone,) = bench("run", suite, *PROBE, *QUICK, "--no-cache", "--out", "alone", "--json").json["records"]
    assert {entry.kind for entry in entries(cache.default_root())} == {"decoded", "duplicates"}
    (sharing,) = bench("run", suite, *PROBE, *QUICK, "--out", "sharing", "--json").json["records"]
    assert {entry.kind for entry in entries(cache.default_root())} == {"decoded", "duplicates", "features"}
    assert (alone["status"], alone["accuracy"]) == ("ok", sharing["accuracy"])


@pytest.mark.slow
def test_ctrl_c_while_libraries_are_imported_shows_no_traceback(suite: Path, tmp_path: Path) -> None:
    """The server that cells are forked from takes seconds to start, in the terminal's own process group."""
    command = [sys.executable, "-m", "bench", "run", str(suite), "--out", str(tmp_path / "out"), "--device", "cpu"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=interruptible
    )
    assert process.stderr is not None
    seen = ""
    while "preparing" not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    time.sleep(1.5)
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "this resumes it" in rest
    assert "Traceback" not in rest


@pytest.mark.slow
def test_ctrl_c_prints_what_resumes_the_run(suite: Path, tmp_path: Path) -> None:
    """Exit code 130, what is done is kept, no traceback."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "bench", "run", str(suite), "--out", str(out), "--device", "cpu"]
    process = subprocess.Popen(
        [*command, "--set", "train.steps=400"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=interruptible,
    )
    records = out / "records.jsonl"
    end = time.monotonic() + 120
    while not (records.exists() and records.read_bytes().count(b"\n")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"bench run {suite} --out {out} --device cpu --set train.steps=400" in err
    assert "Traceback" not in err
    assert 1 <= len(tiny.records_of(out)) < 6
