"""Files of pytest-benchmark are read as it writes them: counts are judged at once, times over several files."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError
from bench.gate.benchmark_files import is_benchmark_file, read_benchmarks
from tests.material.command_line import Command

CONFTEST = """\
def pytest_benchmark_update_machine_info(config, machine_info):
    machine_info["bench_environment"] = {
        "processor": "a processor", "cores": 2, "gpu": None, "python": "3.11.7", "packages": {"torch": "2.15.0"},
    }
"""
TEST = """\
def test_sum(benchmark):
    benchmark.extra_info.update({"calls": 7, "threads": 1, "note": "fine", "flags": {"tf32": False}, "odd": True})
    benchmark(sum, range(1000))
"""


def alone() -> dict[str, str]:
    """Return the environment without what says that tests run side by side: benchmarks are off there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a real run writes."""
    folder = tmp_path_factory.mktemp("benchmarks")
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_sums.py").write_text(TEST)
    options = ["--benchmark-json=out.json", "--benchmark-max-time=0.05", "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, cwd=folder, env=alone(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out.json"


def altered(written: Path, target: Path, **changes: Any) -> Path:
    """Write a file anew, with other times or extra information."""
    contents = json.loads(written.read_text())
    for benchmark in contents["benchmarks"]:
        for name, value in changes.items():
            benchmark["stats" if name in benchmark["stats"] else "extra_info"][name] = value
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(contents))
    return target


def test_a_real_file_is_read(written: Path) -> None:
    """Times, counters and what it was run under; what is no number is no counter."""
    side = read_benchmarks("new", [written])
    (sample,) = side.samples
    assert sample.name == (("benchmark", "test_sums.py::test_sum"),)
    assert 0 < sample.figures["min"] <= sample.figures["median"] < 1
    assert (side.counters, sample.figures["calls"]) == ({"calls"}, 7)
    assert sample.conditions["threads"] == 1
    assert sample.conditions["versions"] == {"torch": "2.15.0", "python": "3.11.7"}
    assert sample.conditions["timer"] == "perf_counter"
    assert side.machine == "a processor, 2 cores"


def test_a_file_that_knows_no_environment_is_held_against_its_like(written: Path, tmp_path: Path) -> None:
    """By the processor and Python that pytest-benchmark tells."""
    contents = json.loads(written.read_text())
    del contents["machine_info"]["bench_environment"]
    plain = tmp_path / "plain.json"
    plain.write_text(json.dumps(contents))
    (sample,) = read_benchmarks("plain", [plain]).samples
    assert sample.conditions["processor"].endswith(" cores")
    assert set(sample.conditions["versions"]) == {"python"}


def test_a_file_without_its_machine_is_like_no_other(bench: Command, written: Path, tmp_path: Path) -> None:
    """Unknown is not equal to unknown."""
    contents = json.loads(written.read_text())
    contents["machine_info"] = {}
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps(contents))
    assert bench("compare", bare, bare, "--fail-on", "min:5%").code == 5
    assert read_benchmarks("bare", [bare]).machine == "not recorded"


def test_a_counter_that_grew_fails_at_once(bench: Command, written: Path, tmp_path: Path) -> None:
    """Without a rule being given; one that was there before only is no pass either."""
    grown = altered(written, tmp_path / "grown.json", calls=8)
    answer = bench("compare", written, grown)
    assert (answer.code, "+1" in answer.out, "worse" in answer.out) == (1, True, True)
    assert (
        bench("compare", written, altered(written, tmp_path / "fewer.json", calls=6), "--fail-on", "calls:0").code == 0
    )
    assert bench("compare", written, written, "--fail-on", "calls:0").code == 0
    assert bench("compare", written, written, "--fail-on", "callz:0").code == 2


def test_a_duels_own_counters_may_grow_as_in_a_duel(bench: Command, written: Path, tmp_path: Path) -> None:
    """Python's calls by 2 %."""
    base = altered(written, tmp_path / "base.json", python_calls=1000)
    one = bench("compare", base, altered(written, tmp_path / "one.json", python_calls=1020), "--format", "json")
    two = bench("compare", base, altered(written, tmp_path / "two.json", python_calls=1030), "--format", "json")
    words = [{each["rule"]: each["word"] for each in answer.json["verdicts"]} for answer in (one, two)]
    assert [each["python_calls:2%"] for each in words] == ["same", "worse"]


def test_rounds_are_no_repetitions_but_files_are(bench: Command, written: Path, tmp_path: Path) -> None:
    """One file on each side is unknown, five that agree are not."""
    for number in range(5):
        altered(written, tmp_path / "base" / f"{number}.json", min=1.0 + number / 1000)
        altered(written, tmp_path / "slow" / f"{number}.json", min=1.2 + number / 900)
    rule = ("--fail-on", "min:5%")
    one = bench("compare", tmp_path / "base" / "0.json", tmp_path / "slow" / "0.json", *rule)
    assert (one.code, "one pair, whose noise is unknown" in one.out) == (4, True)
    assert bench("compare", tmp_path / "base", tmp_path / "slow", *rule).code == 1
    assert bench("compare", tmp_path / "slow", tmp_path / "base", *rule).code == 0


@pytest.mark.parametrize("change", [{"threads": 4}, {"flags": {"tf32": True}}], ids=str)
def test_what_it_was_run_under_must_be_equal(
    bench: Command, written: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    """By the names of conditions."""
    other = altered(written, tmp_path / "other.json", **change)
    assert bench("compare", written, other, "--fail-on", "min:5%").code == 5


def test_another_libraries_counts_are_not_comparable(bench: Command, written: Path, tmp_path: Path) -> None:
    """They count otherwise."""
    contents = json.loads(written.read_text())
    contents["machine_info"]["bench_environment"]["packages"]["torch"] = "2.14.0"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(contents))
    assert bench("compare", written, other, "--fail-on", "calls:0").code == 5
    assert bench("compare", written, other, "--fail-on", "calls:0", "--allow", "versions").code == 0


def test_a_baseline_of_a_file_is_kept_and_followed(bench: Command, written: Path) -> None:
    """As of a run; its history is of the time."""
    assert bench("baseline", "save", "speed", written).code == 0
    assert bench("compare", "speed", written, "--fail-on", "calls:0").code == 0
    assert "min over 1 baselines" in bench("history").out
    assert "calls over 1 baselines" in bench("history", "--metric", "calls").out


@pytest.mark.parametrize("contents", ["", "[]", "{}", '{"benchmarks": []}'])
def test_other_json_is_no_benchmark_file(tmp_path: Path, contents: str) -> None:
    """And said to be none."""
    path = tmp_path / "other.json"
    path.write_text(contents)
    assert not is_benchmark_file(path)
    with pytest.raises(BenchError, match="no JSON of pytest-benchmark"):
        read_benchmarks("other", [path])


def test_a_benchmark_without_numbers_is_told(tmp_path: Path) -> None:
    """In one line."""
    path = tmp_path / "out.json"
    path.write_text(json.dumps({"machine_info": {}, "benchmarks": [{"fullname": "x", "stats": {}}]}))
    with pytest.raises(BenchError, match="a benchmark without its numbers"):
        read_benchmarks("out", [path])


@pytest.mark.parametrize("extra", [{"operators": float("nan")}, {"flop": float("inf")}])
def test_a_counter_that_is_no_number_is_told(written: Path, tmp_path: Path, extra: dict[str, float]) -> None:
    contents = json.loads(written.read_text())
    contents["benchmarks"][0]["extra_info"] = extra
    path = tmp_path / "other.json"
    path.write_text(json.dumps(contents))
    with pytest.raises(BenchError, match="a benchmark without its numbers"):
        read_benchmarks("other", [path])


def test_what_is_kept_of_the_machine_is_the_same_on_each_run(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever temporary folders the tests are given: pytest-benchmark warns of each difference."""
    path = Path(__file__).parents[1] / "tools" / "perf" / "conftest.py"
    spec = importlib.util.spec_from_file_location("perf_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    told: list[dict[str, Any]] = [{}, {}]
    for number, each in enumerate(told):
        monkeypatch.setenv("HF_HOME", f"/somewhere/{number}")
        module.pytest_benchmark_update_machine_info(pytestconfig, each)
    assert told[0] == told[1]
    assert {"processor", "cores", "gpu", "python", "packages", "torch_build"} <= told[0]["bench_environment"].keys()


@pytest.mark.slow
def test_the_projects_own_benchmarks_run_as_users_expect(tmp_path: Path) -> None:
    """`pytest --benchmark-only tests/tools/perf`: a file that `bench compare` reads, with the timer of this project."""
    root = Path(__file__).resolve().parents[2]
    out = tmp_path / "out.json"
    options = ["--benchmark-only", f"--benchmark-json={out}", "-k", "probe_fit or data_path", "-n", "0", "-q"]
    command = [sys.executable, "-m", "pytest", "tests/tools/perf", *options]
    done = subprocess.run(command, cwd=root, env=alone(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    side = read_benchmarks("own", [out])
    assert len(side.samples) == 2
    assert {"operators", "flop", "python_calls", "bytes_allocated"} <= side.counters
    assert {"threads", "precision", "device", "batch", "processor", "versions"} <= side.samples[0].conditions.keys()
    assert side.samples[0].conditions["threads"] == 1
    assert side.samples[0].conditions["timer"] == "synchronised_clock"
