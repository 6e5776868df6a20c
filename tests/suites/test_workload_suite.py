"""Suites of workloads: read and checked like the others, and never taken for a suite of cells."""

from pathlib import Path

import pytest

from bench.errors import BenchError, Exit, InvalidSuite
from bench.suites.suite import read_suite, suite_path
from bench.suites.workload_suite import is_workload_suite, read_workload_suite
from tests.material.command_line import Command

VALID = "name: mine\nworkloads: [probe_fit, data_path]\nthreads: 2\n"


def written(folder: Path, text: str) -> Path:
    """Write a suite file."""
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_the_shipped_one_is_valid() -> None:
    """Its accuracies are those of a suite of cells that is shipped too."""
    suite = read_workload_suite(suite_path("throughput"))
    assert suite.name == "throughput"
    assert suite.description
    assert 4 <= len(suite.workloads) <= 6
    assert suite.accuracy is not None
    assert read_suite(suite_path(suite.accuracy)).name == suite.accuracy


def test_conditions_are_what_workloads_are_given(tmp_path: Path) -> None:
    suite = read_workload_suite(written(tmp_path, VALID))
    assert suite.workloads == ("probe_fit", "data_path")
    assert suite.conditions == {"device": "cpu", "precision": "fp32", "batch_size": 32, "threads": 2}
    assert suite.accuracy is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (VALID.replace("probe_fit", "prob_fit"), "workloads: unknown workload 'prob_fit'; did you mean probe_fit?"),
        (VALID + "batch: 3\n", "batch"),
        (VALID.replace("threads: 2", "threads: 0"), "threads"),
        (VALID.replace("[probe_fit, data_path]", "[]"), "workloads"),
        (VALID + "precision: fp16\n", "precision"),
        (VALID + "name: other\n", "name"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidSuite) as raised:
        read_workload_suite(written(tmp_path, text))
    assert said in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "mine.yaml"))


def test_a_suite_of_cells_has_no_workloads() -> None:
    path = suite_path("digits_small")
    assert not is_workload_suite(path)
    with pytest.raises(BenchError, match="names no workloads"):
        read_workload_suite(path)


def test_a_file_that_can_not_be_read_is_said(tmp_path: Path) -> None:
    assert not is_workload_suite(tmp_path / "nowhere.yaml")
    with pytest.raises(BenchError, match="can't be read"):
        read_workload_suite(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("verb", ["run", "plan"])
def test_it_has_no_cells_to_run(bench: Command, verb: str) -> None:
    """What to do instead is said."""
    answer = bench(verb, "throughput")
    assert answer.code == Exit.USAGE
    assert "bench duel throughput --base REF" in answer.err


def test_validate_and_ls_know_it(bench: Command) -> None:
    assert "valid, 5 workloads" in bench("validate", "throughput").out
    assert "throughput" in bench("ls", "suites").out
    assert bench("ls", "workloads").out.count("\n") == 5
