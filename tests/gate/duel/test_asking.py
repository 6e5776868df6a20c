"""What is asked of two sides comes of the candidate's suite, and of the words of the command."""

import dataclasses
import sys
from pathlib import Path

import pytest

from bench.errors import BenchError, NotComparable
from bench.gate.duel import asking
from bench.gate.duel.asking import Wanted, request
from bench.gate.duel.measured import Side
from bench.suites.suite import suite_path
from tests.material.duels import side


def versions(tmp_path: Path, base: str, candidate: str) -> list[Side]:
    """Write two versions of the suite and return the sides."""
    made = []
    for name, text in (("base", base), ("candidate", candidate)):
        (tmp_path / name / "suites").mkdir(parents=True)
        (tmp_path / name / "suites" / "throughput.yaml").write_text(text)
        made.append(side(tmp_path / name, Path(sys.executable), name))
    return made


TEXT = suite_path("throughput").read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("batch_size: 32", "batch_size: 64", "batch_size: 32 against 64"),
        ("threads: 1", "threads: 2", "threads: 1 against 2"),
        ("precision: fp32", "precision: bf16", "precision: fp32 against bf16"),
        ("device: cpu ", "device: cuda ", "device: cpu against cuda"),
    ],
)
def test_sides_that_ask_for_other_conditions_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    sides = versions(tmp_path, TEXT, TEXT.replace(old, new))
    with pytest.raises(NotComparable, match=said):
        request(Wanted("throughput", "a", "b"), sides)


def test_what_is_asked_is_the_candidates(tmp_path: Path) -> None:
    """Its workloads, and its code of them where it has any."""
    fewer = TEXT.replace("  - probe_fit\n", "")
    sides = versions(tmp_path, TEXT, fewer)
    wanted = Wanted("throughput", "a", "b", accepted=("flop",))
    found = request(wanted, sides)
    assert "probe_fit" not in found.workloads
    assert found.package == asking.OWN_WORKLOADS
    (sides[1].root / "bench" / "gate" / "workloads").mkdir(parents=True)
    assert request(wanted, sides).package == sides[1].root / "bench" / "gate" / "workloads"
    assert request(dataclasses.replace(wanted, own_workloads=True), sides).package == asking.OWN_WORKLOADS


def test_only_some_of_it(tmp_path: Path) -> None:
    sides = versions(tmp_path, TEXT, TEXT)
    found = request(Wanted("throughput", "a", "b", ("probe_fit",)), sides)
    assert (found.workloads, found.accuracy) == (("probe_fit",), None)
    found = request(Wanted("throughput", "a", "b", ("accuracy",)), sides)
    assert (found.workloads, found.accuracy) == ((), suite_path("regression_digits"))
    with pytest.raises(BenchError, match="did you mean probe_fit"):
        request(Wanted("throughput", "a", "b", ("probe_fitt",)), sides)
