"""What is not the project's own: taken where it is what docs/extending.md asks for, else refused in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.catalog import METHODS
from tests.material import own_package, tiny
from tests.material.command_line import Command
from tests.material.kept_runs import write_run
from tests.material.measured import row

BENCH = (sys.executable, "-P", "-m", "bench")
PLACES = {
    "dataset": ("dataset: digits", "dataset: [{}]"),
    "source": ("  labels_per_class", "  source: [{}]\n  labels_per_class"),
    "backbone": ("[test_resnet]", "[{}]"),
    "weights": ("[random]", "[{}]"),
    "method": ("[scratch, linear_probe, finetune]", "[{}]"),
    "selection": ("  labels_per_class", "  selection: [{}]\n  labels_per_class"),
    "probes": ("threads: 1", "threads: 1\nprobes: [{}]"),
    "tune": ("threads: 1", "threads: 1\ntune: {{trials: 2, space: {{{}}}}}"),
}
"""Where a suite may name objects: the line of the tiny suite, and what stands in its place."""
STRANGERS = (
    *("os:abort", "os:system", "builtins:exec", "subprocess:call", "sys:exit", "json:dumps", "shutil:rmtree"),
    *("torch:load", "torch:is_tensor", "torch.nn:Linear", "numpy:sort", "numpy:ndarray", "pandas:read_pickle"),
    *("bench.cli:main", "bench.errors:BenchError", "bench.contracts.training:Method", "bench.suites.plan:expand"),
    *("bench.catalog:METHODS", "bench.reports.reporting:report_file", "bench.modules:is_library", "yaml:load"),
    *("a:b:c", ":x", "x:", "..a:b", "__main__:x", "no_such_module:Thing", "a b:c", "é:ü", "x" * 5000 + ":y"),
)


@pytest.mark.parametrize("place", PLACES)
def test_an_object_that_is_no_extension_is_refused_where_it_stands(place: str, bench: Command, tmp_path: Path) -> None:
    """In one line with the place in the file, and nothing of it is called: some would end this process."""
    written = list(STRANGERS)
    if place == "weights":
        written = [*(f"{each}@glyphs" for each in STRANGERS), *(f"supervised@{each}" for each in STRANGERS)]
    if place == "tune":
        written = [each for each in STRANGERS if len(each) < 1000]  # YAML knows no longer key on a line
    items = [f"{json.dumps(each)}: {{x: [1, 2]}}" if place == "tune" else json.dumps(each) for each in written]
    before, after = PLACES[place]
    path = tiny.write_suite(tmp_path, tiny.SUITE.replace(before, after.format(", ".join(items))))
    said = bench("validate", path)
    assert (said.code, said.out) == (2, ""), said.err
    lines = said.err.splitlines()
    assert len(lines) == len(written), said.err
    for line in lines:
        assert line.startswith(f"{path}:"), line
        assert len(line) < 700


@pytest.mark.parametrize("option", ["--executor", "--format"])
def test_an_option_takes_no_stranger_either(option: str, bench: Command, suite: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", row([0.9, 0.91, 0.92]))
    words: tuple[Any, ...] = ("run", suite) if option == "--executor" else ("report", run)
    for stranger in ("os:abort", "sys:exit", "torch:is_tensor", "bench.cli:main", "a:b:c", ":x", "x:", "a b:c"):
        said = bench(*words, option, stranger)
        assert (said.code, said.out) == (2, ""), (stranger, said.err)
        assert stranger in said.err


OWN = """\
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Mine:
    {field}
    defaults: ClassVar[dict] = {defaults}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"

    def __post_init__(self):
        {init}

    def fit(self, task): ...
"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"init": "raise ZeroDivisionError('a fault')"}, "raised ZeroDivisionError: a fault"),
        ({"init": "raise SystemExit(0)"}, "raised SystemExit: 0"),
        ({"defaults": "{'stepz': 3}"}, "its defaults: unknown training key 'stepz'; did you mean steps"),
        ({"defaults": "{'steps': -3}"}, "its defaults: steps: must be at least 1"),
        ({"field": "x: object = object()"}, "its parameters can't be recorded"),
        ({"field": "x: float = float('nan')"}, "its parameters can't be recorded"),
        ({"field": "x: 'NoSuchType' = 1"}, "raised "),
        ({"field": "steps: int = 1", "with": "{name: N, steps: 3}"}, "steps is a training key and a parameter of it"),
        ({"field": "rank: int = 1", "with": "{name: N, rank: x}"}, "rank: must be a whole number"),
        ({"field": "rank: int = 1", "with": "{name: N, rnk: 2}"}, "unknown parameter 'rnk'; did you mean rank"),
    ],
)
def test_a_method_that_would_end_a_plan_is_refused_when_it_is_read(
    given: dict[str, str], said: str, bench: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_method", raising=False)
    text = OWN.format(**{"field": "pass", "defaults": "{}", "init": "pass", **given})
    (tmp_path / "my_method.py").write_text(text)
    written = given.get("with", "N").replace("N", "'my_method:Mine'")
    path = tiny.write_suite(tmp_path, tiny.SUITE.replace("[scratch, linear_probe, finetune]", f"[{written}]"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    answer = bench("validate", path)
    assert answer.code == 2, answer.out
    (line,) = answer.err.splitlines()
    assert f"my_method:Mine: {said}" in line


def test_names_in_records_are_text(bench: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is imported for a report, a comparison or a recommendation, whatever a record says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "evil.py").write_text("open('was_imported', 'w')\nclass Thing: pass\n")
    names = dict.fromkeys(("backbone", "method", "dataset", "source", "image_selection", "executor"), "evil:Thing")
    run = write_run(tmp_path / "run", row([0.9, 0.91, 0.92], **names, weights="evil:Thing@evil:Thing"))
    for words in (
        *(("report", run, "--format", format_) for format_ in ("console", "md", "csv", "json", "latex")),
        *(("leaderboard", run), ("recommend", run, "--labels", "50"), ("compare", run, run)),
    ):
        assert "Traceback" not in bench(*words).err
    assert not (tmp_path / "was_imported").exists()


def called(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does, with a cache of its own."""
    env = {**os.environ, "XDG_CACHE_HOME": str(cwd / "cache"), **env}
    return subprocess.run([*BENCH, *words], cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "executor", "format_", "installed"),
    [
        (own_package.BY_NAME, "process", "words", True),
        (own_package.BY_NAME, "plain", "words", True),
        (own_package.BY_PLACE, "their_parts.running:Plain", "their_parts.reports:words", True),
        (own_package.BY_PLACE, "process", "their_parts.reports:words", False),
    ],
    ids=["by name, process", "by name, theirs", "by place", "in the working folder"],
)
def test_a_package_of_somebody_elses_serves_every_kind(
    names: dict[str, str], executor: str, format_: str, installed: bool, tmp_path: Path
) -> None:
    """Installed it is found by its names, and by its places; from the working folder by its places alone."""
    here = tmp_path / "here"
    here.mkdir()
    place = own_package.install(tmp_path / "site" if installed else here)
    env = {"PYTHONPATH": str(place)} if installed else {}
    (here / "theirs.yaml").write_text(own_package.SUITE.format(**names))
    said = called("validate", "theirs.yaml", cwd=here, **env)
    assert (said.returncode, said.stdout) == (0, "theirs.yaml: valid, 2 cells\n"), said.stderr
    said = called("run", "theirs.yaml", "--device", "cpu", "--executor", executor, "--json", cwd=here, **env)
    assert said.returncode == 0, said.stdout + said.stderr
    records = json.loads(said.stdout)["records"]
    assert {record["method"] for record in records} == {"linear_probe", names["method"]}
    for record in records:
        assert (record["status"], record["n_labels"]) == ("ok", 12)
        assert record["backbone"] == names["backbone"]
        assert record["corruptions_reason"] == f"seen by {names['backbone']}"
        assert ("spread" in record["transferability"]) == installed
    report = (here / "results" / "theirs" / "report.md").read_text()
    assert ("## A title of theirs" in report) == installed
    said = called("report", "results/theirs", "--format", format_, cwd=here, **env)
    assert said.stdout == "2 cells, in words\n", said.stderr
    said = called("report", "results/theirs", "--format", "json", cwd=here, **env)
    assert json.loads(said.stdout).get("their_count") == ({"rows": 2} if installed else None)
    if installed:
        listed = called("ls", "methods", cwd=here, **env).stdout
        assert "theirs" in listed
        assert "plug-in of their-parts" in listed
        assert "their:small" in called("ls", "backbones", "their:*", cwd=here, **env).stdout


def test_the_project_has_no_plug_ins_of_its_own() -> None:
    """What stands in the catalogue is the project's own, and is not held against the contract each time."""
    assert METHODS.entry("knn").fault is None
    assert METHODS.entry("my:Method").fault is not None
