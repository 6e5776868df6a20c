"""The command line: exit codes, one JSON document, messages without tracebacks, no torch where none is needed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.machine import cache
from bench.machine.devices import cores
from bench.machine.housekeeping import entries
from tests.material import tiny
from tests.material.command_line import PROBE, QUICK, Command


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """The tiny suite's file."""
    return tiny.write_suite(tmp_path)


def interruptible() -> None:
    """Hear Ctrl-C, as a program that a terminal has started does, wherever the tests were started from."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def python(code: str) -> str:
    """Run some Python in a process of its own and return what it prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["ls"],
        ["ls", "methods"],
        ["ls", "pretraining"],
        ["ls", "datasets"],
        ["ls", "suites"],
        ["ls", "workloads"],
        ["duel", "--help"],
        ["validate", "throughput"],
        ["validate", "digits_small"],
        ["validate", "pretraining_digits"],
        ["plan", "digits_small", "--device", "cpu"],
        ["cache", "ls"],
    ],
    ids=" ".join,
)
def test_torch_is_not_imported_where_nothing_is_computed(arguments: list[str]) -> None:
    """It takes seconds."""
    said = python(
        "import sys\n"
        f"sys.argv = ['bench', *{arguments!r}]\n"
        "from bench.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('IMPORTED', 'torch' in sys.modules, 'timm' in sys.modules)"
    )
    assert said.splitlines()[-1] == "IMPORTED False False"


def test_help_lists_the_verbs_and_the_exit_codes(bench: Command) -> None:
    """What there is, and what comes back."""
    said = bench("--help")
    assert said.code == 0
    listed = {line.split()[0] for line in said.out.split("Commands:")[1].splitlines() if line.startswith("  ")}
    assert {"run", "plan", "validate", "ls", "report", "env", "cache"} <= listed
    assert "130 interrupted" in said.out


def test_run_reports_and_returns_0(bench: Command, suite: Path, tmp_path: Path) -> None:
    """A table on stdout, three reports in the run's folder, results/<suite> by default."""
    said = bench("run", suite, *PROBE, *QUICK)
    assert said.code == 0, said.err
    assert "linear_probe (random)" in said.out
    assert "1 cell run, 0 resumed" in said.out
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
    assert "skipped" in said.out
    assert "Traceback" not in said.out + said.err


def test_dry_run_lists_the_cells_and_writes_nothing(bench: Command, suite: Path, tmp_path: Path) -> None:
    """The same as `plan`."""
    said = bench("run", suite, "--dry-run", "--device", "cpu")
    assert said.code == 0
    assert "6 cells, 0 done, 6 to run" in said.out
    assert said.out == bench("plan", suite, "--device", "cpu").out
    assert not (tmp_path / "results").exists()


def test_plan_json_tells_the_state_of_each_cell(bench: Command, suite: Path) -> None:
    """Done, to run, and what is missing."""
    bench("run", suite, *PROBE, *QUICK)
    weights = ("--set", "grid.weights=[random, pretrained]")
    rows = bench("plan", suite, "--limit", "60", "--device", "cpu", "--json", *weights).json
    assert [row["state"] for row in rows].count("ok") == 1
    lacking = [row for row in rows if row["missing"]]
    assert len(lacking) == 4
    assert all(row["missing"] == ["weights test_resnet pretrained"] for row in lacking)


def test_cell_runs_one_again_in_this_process(bench: Command, suite: Path) -> None:
    """By the beginning of its id, even where it is done."""
    rows = bench("plan", suite, "--limit", "60", "--device", "cpu", "--json").json
    mine = next(row["cell_id"] for row in rows if "linear_probe" in row["cell"])
    for _ in range(2):
        said = bench("run", suite, "--limit", "60", "--device", "cpu", "--cell", mine[:8], "--json").json
        assert said["ran"] == 1
        assert [(record["cell_id"], record["executor"]) for record in said["records"]] == [(mine, "inline")]


def test_filters_must_all_hold_and_take_globs(bench: Command, suite: Path) -> None:
    """Several globs of one filter are alternatives."""

    def count(*filters: str) -> int:
        flags = [part for text in filters for part in ("--filter", text)]
        return len(bench("plan", suite, "--device", "cpu", "--json", *flags).json)

    assert count("method=*tune") == 2
    assert count("method=scratch,linear_*") == 4
    assert count("method=*tune", "labels_per_class=6") == 1


def test_set_overrides_a_key(bench: Command, suite: Path) -> None:
    """Nested keys by dots, a single value for a list as a list of one."""
    args = ("--set", "train.steps=2", "--set", "grid.seed=[3]", "--set", "grid.method=scratch")
    said = bench("run", suite, *QUICK, *args, "--filter", "labels_per_class=2", "--json").json
    (record,) = said["records"]
    assert (record["seed"], record["method"], record["steps_done"]) == (3, "scratch", 2)


def test_workers_are_a_number_or_left_to_the_machine(bench: Command, suite: Path) -> None:
    """A suite that gives its threads needs no trial; other threads make other cells."""
    suite.write_text(tiny.SUITE.replace("threads: 1\n", ""))
    first, second = (bench("plan", suite, "--device", "cpu", "--workers", count).out for count in (1, 64))
    assert (first == second) is (cores() == 1)
    given = bench("plan", suite, "--device", "cpu", "--workers", "auto", "--set", "threads=1")
    assert (given.code, given.err) == (0, "")


@pytest.mark.parametrize(
    ("kind", "pattern", "expected"),
    [
        ("methods", "*probe", ["linear_probe", "mlp_probe", "ridge_probe"]),
        ("datasets", "cifar*", ["cifar10", "cifar100"]),
        ("probes", "a*", ["accuracy", "audit"]),
        ("suites", "digits*", ["digits_small"]),
        ("backbones", "test_resnet*", ["test_resnet", "test_resnet.r160_in1k"]),
        ("backbones", "torchvision:resnet18*", ["torchvision:resnet18", "torchvision:resnet18@IMAGENET1K_V1"]),
    ],
)
def test_ls_lists_what_fits_a_glob(bench: Command, kind: str, pattern: str, expected: list[str]) -> None:
    """As lines and as JSON."""
    assert list(bench("ls", kind, pattern, "--json").json) == expected
    lines = bench("ls", kind, pattern).out.splitlines()
    assert [line.split()[0] for line in lines] == expected


def test_validate_reports_all_mistakes_with_their_places(bench: Command, tmp_path: Path) -> None:
    """Line and column, what is wrong, and a near name."""
    text = tiny.SUITE.replace("scratch", "scrtch").replace("image_size: 32", "image_size: big").replace("[2, 6]", "[]")
    said = bench("validate", tiny.write_suite(tmp_path, text))
    assert said.code == 2
    assert "tiny.yaml:3:1: image_size" in said.err
    assert "labels_per_class" in said.err
    names = bench("validate", tiny.write_suite(tmp_path, tiny.SUITE.replace("scratch", "scrtch")))
    assert names.code == 2
    assert "tiny.yaml:7:12" in names.err
    assert "did you mean scratch" in names.err


def test_validate_says_how_many_cells_a_suite_has(bench: Command, suite: Path) -> None:
    """Exit code 0."""
    said = bench("validate", suite)
    assert (said.code, said.out) == (0, f"{suite}: valid, 6 cells\n")


def test_report_is_printed_and_written_in_each_format(bench: Command, suite: Path, tmp_path: Path) -> None:
    """From the run's folder or from its records."""
    bench("run", suite, *PROBE, *QUICK)
    folder = tmp_path / "results" / "tiny"
    for format_, file in (("console", "report.txt"), ("md", "report.md"), ("csv", "report.csv")):
        (folder / file).unlink()
        said = bench("report", folder / "records.jsonl", "--format", format_)
        assert said.code == 0
        assert "linear_probe" in said.out
        assert (folder / file).read_text().strip() == said.out.strip()


def test_env_prints_what_is_recorded_of_this_machine(bench: Command) -> None:
    """One JSON document."""
    said = bench("env", "--device", "cpu").json
    assert said["device"] == "cpu"
    assert said["packages"]["torch"]
    assert said["variables"]["GOMP_SPINCOUNT"] == "0"


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


def test_ls_without_a_kind_lists_everything_one_a_line(bench: Command) -> None:
    """Kind, name and description, whole; as JSON by kind."""
    lines = bench("ls").out.splitlines()
    found = bench("ls", "--json").json
    assert {line.split()[0] for line in lines} == set(found)
    assert len(lines) == sum(len(names) for names in found.values())
    for line in lines:
        kind, name, *words = line.split()
        assert " ".join(words) == found[kind][name]


def test_without_its_extra_a_method_is_listed_checked_planned_and_skipped(
    bench: Command, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time with the name of the extra; the other cells of the run have their numbers."""
    monkeypatch.setitem(sys.modules, "peft", None)
    suite.write_text(tiny.SUITE.replace("[scratch, linear_probe, finetune]", "[linear_probe, lora]"))
    assert bench("ls", "methods", "lora").out == "lora  low-rank updates of the weights (needs the extra peft)\n"
    assert bench("validate", suite).code == 0
    chosen = ("--filter", "labels_per_class=6", "--limit", "60", "--device", "cpu")
    rows = bench("plan", suite, *chosen, "--json").json
    assert sorted(row["missing"] for row in rows) == [[], ["extra peft"]]
    said = bench("run", suite, *chosen, "--executor", "inline")
    assert said.code == 3
    (line,) = [line for line in said.out.splitlines() if "transferbench[peft]" in line]
    assert "skipped" in line
    assert "lora: needs the extra peft; install it: pip install 'transferbench[peft]'" in line
    records = bench("run", suite, *chosen, "--executor", "inline", "--json").json["records"]
    assert {record["method"]: record["status"] for record in records} == {"lora": "skipped", "linear_probe": "ok"}
