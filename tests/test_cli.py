"""The command line: exit codes, one JSON document, messages without tracebacks, no torch where none is needed."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tiny
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.cli import main
from bench.errors import BenchError
from bench.suite import read_suite

QUICK = ("--limit", "60", "--executor", "inline", "--device", "cpu")
PROBE = ("--filter", "method=linear_probe", "--filter", "labels_per_class=2")


@dataclass(frozen=True)
class Answer:
    """What a command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


Command = Callable[..., Answer]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command, run in this process and in an empty folder."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, arguments)])
        capsys.readouterr()
        code: Any = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        captured = capsys.readouterr()
        return Answer(int(code), captured.out, captured.err)

    return call


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """The tiny suite's file."""
    return tiny.write_suite(tmp_path)


def python(code: str) -> str:
    """Run some Python in a process of its own and return what it prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["ls", "methods"],
        ["ls", "datasets"],
        ["ls", "suites"],
        ["validate", "digits_small"],
        ["plan", "digits_small", "--device", "cpu"],
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
    assert {"run", "plan", "validate", "ls", "report", "env"} <= listed
    assert "130 interrupted" in said.out


def test_run_reports_and_returns_0(bench: Command, suite: Path, tmp_path: Path) -> None:
    """A table on stdout, three reports in the run's folder, results/<suite> by default."""
    said = bench("run", suite, *PROBE, *QUICK)
    assert said.code == 0, said.err
    assert "linear_probe (random)" in said.out
    assert "1 cell run, 0 resumed" in said.out
    written = {path.name for path in (tmp_path / "results" / "tiny").iterdir()}
    assert {"records.jsonl", "manifest.json", "report.txt", "report.md", "summary.csv"} <= written


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


@pytest.mark.parametrize(
    ("kind", "pattern", "expected"),
    [
        ("methods", "*probe", ["linear_probe", "mlp_probe"]),
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
    for format_, file in (("console", "report.txt"), ("md", "report.md"), ("csv", "summary.csv")):
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


BAD: list[tuple[list[str], str]] = [
    (["run", "digits_smal"], "digits_small"),
    (["run", "nowhere.yaml"], "no such file"),
    (["run", "folder.yaml"], "folder.yaml"),
    (["run", "latin.yaml"], "latin.yaml"),
    (["run", "empty.yaml"], "mapping"),
    (["run", "broken.yaml"], "broken.yaml:1"),
    (["plan", "tiny.yaml", "--set", "image_size"], "KEY=VALUE"),
    (["plan", "tiny.yaml", "--set", "=3"], "KEY=VALUE"),
    (["plan", "tiny.yaml", "--set", "image_size=[1"], "--set"),
    (["plan", "tiny.yaml", "--set", "image_size=huge"], "image_size"),
    (["plan", "tiny.yaml", "--set", "train.learnig_rate=1"], "learning_rate"),
    (["plan", "tiny.yaml", "--set", "train.steps=0"], "train.steps"),
    (["plan", "tiny.yaml", "--set", "name.x=1"], "name"),
    (["plan", "tiny.yaml", "--set", "train=3"], "train"),
    (["plan", "tiny.yaml", "--set", "grid=3"], "grid"),
    (["plan", "tiny.yaml", "--set", "train=3", "--set", "train.steps=3"], "train"),
    (["plan", "tiny.yaml", "--set", "grid.method=[{name: mlp_probe, hidden: [0]}]"], "hidden"),
    (["plan", "tiny.yaml", "--set", "grid.backbone=[resnet81]"], "resnet18"),
    (["plan", "tiny.yaml", "--set", "grid.weights=[supervised@glifs]"], "glyphs"),
    (["plan", "tiny.yaml", "--set", "grid.method=['no_such_module:X']"], "no_such_module"),
    (["plan", "tiny.yaml", "--set", "grid.method=['os:path']"], "os:path"),
    (["plan", "tiny.yaml", "--set", "grid.method=[':']"], "can't be imported"),
    (["plan", "tiny.yaml", "--set", "train.mixup=.inf"], "train.mixup"),
    (["plan", "tiny.yaml", "--set", "grid.seed=&a [*a]"], "seed"),
    (["plan", "tiny.yaml", "--filter", "method"], "KEY=GLOB"),
    (["plan", "tiny.yaml", "--filter", "metod=scratch"], "method"),
    (["plan", "tiny.yaml", "--filter", "method=mlp_probe"], "fits none"),
    (["plan", "tiny.yaml", "--device", "gpu"], "device"),
    (["plan", "tiny.yaml", "--device", "cpu]"], "device"),
    (["plan", "tiny.yaml", "--data-dir", "nowhere"], "nowhere"),
    (["plan", "tiny.yaml", "--weights-dir", "tiny.yaml"], "no such folder"),
    (["run", "tiny.yaml", "--device", "cpu", "--out", "tiny.yaml"], "--out"),
    (["run", "tiny.yaml", "--device", "cpu", "--out", "tiny.yaml/x"], "--out"),
    (["run", "tiny.yaml", "--device", "cpu", "--cell", "0123nothing"], "0 cells"),
    (["run", "tiny.yaml", "--limit", "3"], "--limit"),
    (["run", "tiny.yaml", "--workers", "0"], "--workers"),
    (["run", "tiny.yaml", "--rerun", "some"], "--rerun"),
    (["report", "nowhere"], "records.jsonl"),
    (["report", "garbled"], "records.jsonl:1"),
    (["ls", "methods", "nothing*"], "nothing*"),
    (["ls", "everything"], "everything"),
    (["rnu"], "rnu"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_mistake_is_told_without_a_traceback(
    bench: Command, suite: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Exit code 2, nothing on stdout, the thing named."""
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "latin.yaml").write_bytes("name: ä".encode("latin-1"))
    (tmp_path / "empty.yaml").touch()
    (tmp_path / "broken.yaml").write_text("name: [")
    (tmp_path / "garbled").mkdir()
    (tmp_path / "garbled" / "records.jsonl").write_text("no json\n")
    answer = bench(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "Traceback" not in answer.err


@given(key=st.text(max_size=12), value=st.text(max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_override_is_taken_or_refused(suite: Path, key: str, value: str) -> None:
    """Never another error than one with a message for the user."""
    for written in (f"{key}={value}", f"train.{key}={value}", f"train.steps={value}", f"grid.seed={value}"):
        try:
            assert read_suite(suite, [written]).name
        except BenchError as error:
            assert str(error)  # noqa: PT017


def test_second_writer_is_refused(bench: Command, suite: Path, tmp_path: Path) -> None:
    """Two runs never mix their records."""
    from bench.store import Store

    with Store(tmp_path / "results" / "tiny").writing():
        said = bench("run", suite, *PROBE, *QUICK)
    assert said.code == 2
    assert "another run" in said.err


def test_ctrl_c_while_libraries_are_imported_shows_no_traceback(suite: Path, tmp_path: Path) -> None:
    """The server that cells are forked from takes seconds to start, in the terminal's own process group."""
    command = [sys.executable, "-m", "bench", "run", str(suite), "--out", str(tmp_path / "out"), "--device", "cpu"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
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
