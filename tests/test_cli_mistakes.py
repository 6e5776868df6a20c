"""What a user gets wrong is one message and exit code 2: nothing is run, nothing is shown of the inside."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.records.store import Store
from bench.suites.suite import read_suite
from tests.material.command_line import PROBE, QUICK, Command

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
    (["run", "tiny.yaml", "--workers", "some"], "write 1 or more, or auto"),
    (["plan", "tiny.yaml", "--set", "grid.precision=[fp16]"], "'auto'"),
    (["cache", "rm"], "--all"),
    (["cache", "rm", "nothing"], "`bench cache ls` lists them"),
    (["cache", "prune"], "prune"),
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
    with Store(tmp_path / "results" / "tiny").writing():
        said = bench("run", suite, *PROBE, *QUICK)
    assert said.code == 2
    assert "another run" in said.err


@pytest.mark.parametrize("arguments", [["cache", "ls"], ["run", "tiny.yaml", *PROBE, *QUICK]], ids=lambda each: each[0])
def test_limit_of_the_cache_that_is_no_size_is_told_before_anything_runs(
    bench: Command, suite: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str]
) -> None:
    """Not after hours of work, in place of their report."""
    monkeypatch.setenv("BENCH_CACHE_LIMIT", "plenty")
    said = bench(*arguments)
    assert said.code == 2
    assert "BENCH_CACHE_LIMIT=plenty: write a size, as in 20GiB or 500MB" in said.err
    assert not (tmp_path / "results").exists()
