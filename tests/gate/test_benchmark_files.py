"""Files of pytest-benchmark are read as it writes them: times over several files, and of what they keep own counts."""

import gzip
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


def of_others(target: Path, extra: Any, least: float = 0.01, **changes: Any) -> Path:
    """Write a file as people write them who have never heard of this project."""
    benchmark = {
        "fullname": "t.py::test_train",
        "options": {"timer": "perf_counter"},
        "stats": {"min": least, "median": 0.02},
        "extra_info": extra,
        **changes,
    }
    machine = {"python_version": "3.11", "cpu": {"brand_raw": "A", "count": 4}}
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"machine_info": machine, "commit_info": {}, "benchmarks": [benchmark]}))
    return target


def several(folder: Path, extra: Any, factor: float = 1.0) -> Path:
    """Write files that repeat one another, with times that vary a little."""
    for number in range(4):
        of_others(folder / f"{number}.json", extra, factor * (0.01 + number / 1e5))
    return folder


def test_what_others_keep_is_shown_and_not_judged(bench: Command, tmp_path: Path) -> None:
    """A rate that rises is no regression, whichever way it would be worse."""
    old, new = (several(tmp_path / f"{rate}", {"images_per_second": rate}, 1 + rate / 1e6) for rate in (100.0, 110.0))
    for sides in ((old, new), (new, old)):
        answer = bench("compare", *sides)
        assert (answer.code, "1 same: the same or better" in answer.out) == (0, True)
    assert "kept, not judged: t.py::test_train images_per_second: 110, 100" in answer.out
    document = bench("compare", old, new, "--format", "json").json
    assert document["rules"] == ["min:5%"]
    row = {"benchmark": "t.py::test_train"}
    assert document["kept_and_not_judged"] == [{"row": row, "name": "images_per_second", "base": 100.0, "new": 110.0}]


def test_what_others_keep_is_judged_where_a_limit_names_it(bench: Command, tmp_path: Path) -> None:
    """More is worse, with a minus less is; a baseline keeps it too."""
    old, new = (of_others(tmp_path / f"{rate}.json", {"shape:rate": rate}) for rate in (100, 110))
    codes = {rule: bench("compare", old, new, "--fail-on", rule).code for rule in ("shape:rate:5%", "shape:rate:-5%")}
    assert codes == {"shape:rate:5%": 1, "shape:rate:-5%": 0}
    assert "shape:rate:-5% (less is worse)" in bench("compare", new, old, "--fail-on", "shape:rate:-5%").out
    assert bench("compare", new, old, "--fail-on", "shape:rate:-5%").code == 1
    assert bench("baseline", "save", "old", old).code == 0
    assert bench("compare", "old", new, "--fail-on", "shape:rate:5%").code == 1
    assert bench("history", "--metric", "shape:rate").code == 0


@pytest.mark.parametrize("name", ["min", "median", "accuracy", "throughput", "threads", "batch", "versions"])
def test_what_others_keep_stands_for_nothing_that_was_measured(bench: Command, tmp_path: Path, name: str) -> None:
    """Whatever it is called: neither a figure nor a condition."""
    old, new = (several(tmp_path / f"{value}", {name: value}, 1 + value / 1e6) for value in (1, 7))
    document = bench("compare", old, new, "--format", "json").json
    assert (document["exit_code"], document["rules"]) == (0, ["min:5%"])
    assert 0.01 <= document["verdicts"][0]["base"] < 0.011


@pytest.mark.parametrize("name", ["shape:batch", "", ":", "a:b:5%", "\n", "\ud800", "|"])
def test_a_key_may_be_called_anything(bench: Command, written: Path, tmp_path: Path, name: str) -> None:
    """In files of this project too, where it counts: nobody is blamed for an option that was not given."""
    other = several(tmp_path / "other", {name: 8})
    assert bench("compare", other, other).code == 4  # equal times are one measurement
    own = altered(written, tmp_path / "own.json", **{name: 8})
    answer = bench("compare", own, own, "--format", "json")
    assert (answer.code, answer.err, len(answer.json["rules"])) == (4, "", 3)
    grown = bench("compare", own, altered(written, tmp_path / "grown.json", **{name: 9}))
    assert (grown.code, grown.err) == (1, "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.text(max_size=8) | st.sampled_from(
    ["min", "median", "accuracy", "throughput", "threads", "a:5%", "", "calls"]
)
ANYTHING = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANYTHING
@given(st.dictionaries(KEYS, JSON, max_size=4), st.dictionaries(KEYS, JSON, max_size=4), st.sampled_from([1.0, 1.5]))
def test_nothing_that_others_keep_turns_a_verdict(
    bench: Command, tmp_path: Path, before: dict[str, Any], after: dict[str, Any], factor: float
) -> None:
    """Any JSON under any name: the answer is that of the times alone, in every format."""
    alone = bench("compare", several(tmp_path / "a", {}), several(tmp_path / "b", {}, factor), "--format", "json").json
    old, new = several(tmp_path / "old", before), several(tmp_path / "new", after, factor)
    found = bench("compare", old, new, "--format", "json").json
    judged = ("exit_code", "rules", "verdicts", "counts")
    assert [found[key] for key in judged] == [alone[key] for key in judged]
    for format_ in ("console", "github"):
        assert bench("compare", old, new, "--format", format_).code == alone["exit_code"]
    assert bench("baseline", "save", "kept", old, "--force").code == 0
    assert bench("compare", "kept", new, "--format", "json").json["verdicts"] == alone["verdicts"]


@ANYTHING
@given(
    st.sampled_from(["fullname", "options", "stats", "extra_info", "machine_info", "commit_info", "datetime"]),
    JSON,
    st.dictionaries(st.sampled_from(["min", "median"]), JSON, min_size=2) | JSON,
)
def test_a_file_of_any_shape_is_compared_or_refused_in_a_line(
    bench: Command, tmp_path: Path, key: str, value: Any, stats: Any
) -> None:
    """Never a traceback, and never a figure that is none."""
    changes = {"stats": stats} if key == "stats" else {key: value} if key in ("fullname", "options") else {}
    path = of_others(tmp_path / "odd.json", value if key == "extra_info" else {}, **changes)
    contents = json.loads(path.read_text())
    if key in ("machine_info", "commit_info", "datetime"):
        path.write_text(json.dumps({**contents, key: value}))
    answer = bench("compare", path, path)
    assert answer.code in (0, 2, 4, 5)
    assert (answer.code == 2) == answer.err.startswith("bench: error: ")


@pytest.mark.parametrize("time", ["0.01", True, None, float("nan"), float("inf"), 1e200, -0.01, [0.01]])
def test_a_time_that_is_none_is_refused(tmp_path: Path, time: Any) -> None:
    """Text too, also where it looks like a number."""
    with pytest.raises(BenchError, match="a benchmark without its numbers"):
        read_benchmarks("odd", [of_others(tmp_path / "odd.json", {}, least=time)])


@pytest.mark.parametrize("named", ["bench_environment", "threads", "timer", "python_version"])
@pytest.mark.parametrize(
    "value", [float("nan"), [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]], {"name": 3}, "x", 3, 10**400], ids=str
)
def test_what_a_file_of_this_project_was_measured_under_is_read_or_refused(
    bench: Command, written: Path, tmp_path: Path, named: str, value: Any
) -> None:
    """And can be kept as a baseline where it is read."""
    contents = json.loads(written.read_text())
    machine, benchmark = contents["machine_info"], contents["benchmarks"][0]
    {"threads": benchmark["extra_info"], "timer": benchmark["options"]}.get(named, machine)[named] = value
    (tmp_path / "odd.json").write_text(json.dumps(contents))
    code = bench("compare", "odd.json", "odd.json").code
    assert code in (0, 2, 4, 5)
    assert bench("baseline", "save", "odd", "odd.json", "--force").code == (2 if code == 2 else 0)
    assert bench("baseline", "show", "odd").code == (2 if code == 2 else 0)


def test_a_byte_order_mark_is_no_fault_and_other_encodings_are_told(written: Path, tmp_path: Path) -> None:
    path, text = tmp_path / "out.json", written.read_text()
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(read_benchmarks("out", [path]).samples) == 1
    for contents, said in ((text.encode("utf-16"), "in UTF-16"), (gzip.compress(text.encode()), "compressed by gzip")):
        path.write_bytes(contents)
        with pytest.raises(BenchError, match=f"no JSON of pytest-benchmark: .*{said}"):
            read_benchmarks("out", [path])


def test_two_benchmarks_of_one_name_and_none_at_all_are_told(bench: Command, written: Path, tmp_path: Path) -> None:
    contents = json.loads(written.read_text())
    for name, benchmarks in (("two.json", contents["benchmarks"] * 2), ("none.json", [])):
        (tmp_path / name).write_text(json.dumps({**contents, "benchmarks": benchmarks}))
    assert "two cells are called" in bench("compare", "two.json", written).err
    assert bench("compare", "none.json", written).code == 4


def test_a_file_that_is_nested_without_end_is_none(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000)
    assert not is_benchmark_file(path)


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
