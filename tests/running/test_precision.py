"""`precision: auto` is settled by a trial of one backbone on one machine, made once; the reason names its figures."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.data import Places
from bench.machine import cache
from bench.running import precision
from bench.running.precision import Settled, TrialRequest, known, settle, verdict
from tests.material import tiny
from tests.material.command_line import PROBE, QUICK, Command
from tests.material.examples import write_weights

FIGURES = re.compile(
    r"bfloat16 against float32: forward x (\d+\.\d\d), training step x (\d+\.\d\d), "
    r"least cosine of features (\d\.\d{5}) \((random|pretrained) weights\)"
)


@pytest.fixture
def request_here(cold_places: Places) -> TrialRequest:
    """A request that nobody has made before."""
    return TrialRequest("test_resnet", 32, "cpu", 1, True, cold_places)


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[TrialRequest]:
    """The requests that were measured; bfloat16 always pays."""
    made: list[TrialRequest] = []

    def trial(request: TrialRequest, progress: Any) -> Settled:
        made.append(request)
        return Settled("bf16", f"measured {len(made)} times")

    monkeypatch.setattr(precision, "_trial", trial)
    return made


@pytest.mark.parametrize(
    ("forward", "step", "cosine", "expected"),
    [
        (2.0, 1.8, 0.9999, "bf16"),
        (1.0, 1.1, 0.999, "bf16"),
        (2.0, 1.09, 0.9999, "fp32"),
        (0.99, 1.5, 0.9999, "fp32"),
        (2.0, 1.8, 0.9989, "fp32"),
        (0.3, 0.4, 1.0, "fp32"),
        (2.0, 1.8, float("nan"), "fp32"),
    ],
    ids=["pays", "just pays", "step not worth it", "slower forward", "features differ", "slower", "not finite"],
)
def test_bfloat16_is_taken_where_it_pays_and_agrees(forward: float, step: float, cosine: float, expected: str) -> None:
    """All three must hold, and the reason gives all three figures."""
    settled = verdict(forward, step, cosine, "random weights")
    assert settled.precision == expected
    for figure in (f"forward x {forward:.2f}", f"step x {step:.2f}", f"features {cosine:.5f} (random weights)"):
        assert figure in settled.reason


def test_trial_measures_and_gives_its_figures(request_here: TrialRequest) -> None:
    """They are those that the verdict was made by, up to what they were rounded by."""
    told: list[tuple[int, int]] = []
    settled = settle(request_here, lambda what, done, total: told.append((done, total)))
    found = FIGURES.fullmatch(settled.reason)
    assert found, settled.reason
    forward, step, cosine = (float(figure) for figure in found.groups()[:3])
    assert min(forward, step) > 0
    assert 0.9 < cosine <= 1.0
    if min(abs(forward - 1.0), abs(step - precision.WORTH), abs(cosine - precision.AGREEMENT)) > 0.006:
        assert settled == verdict(forward, step, cosine, "random weights")
    assert told == [(turn, precision.ROUNDS) for turn in range(precision.ROUNDS)]


def test_trial_takes_the_pretrained_weights_that_are_there(request_here: TrialRequest, tmp_path: Path) -> None:
    """Features of random weights may agree where those of trained ones don't."""
    places = dataclasses.replace(request_here.places, weights_dir=write_weights(tmp_path, 1))
    settled = settle(dataclasses.replace(request_here, places=places), tiny.ignore)
    assert settled.reason.endswith("(pretrained weights)")


def test_answer_that_is_kept_is_not_measured_again(request_here: TrialRequest, trials: list[TrialRequest]) -> None:
    """Nor looked for where the data or the weights lie."""
    first = settle(request_here, tiny.ignore)
    elsewhere = dataclasses.replace(request_here.places, data_dir=Path("data"), weights_dir=Path("weights"))
    assert settle(dataclasses.replace(request_here, places=elsewhere), tiny.ignore) == first
    assert first == Settled("bf16", "measured 1 times")
    assert trials == [request_here]


@pytest.mark.parametrize(
    "change",
    [{"backbone": "test_vit"}, {"image_size": 64}, {"threads": 2}, {"deterministic": False}],
    ids=lambda change: next(iter(change)),
)
def test_other_request_is_measured_of_its_own(
    request_here: TrialRequest, trials: list[TrialRequest], change: dict[str, Any]
) -> None:
    """What pays for one network at one size need not for another."""
    other = dataclasses.replace(request_here, **change)
    for each in (request_here, other, request_here, other):
        settle(each, tiny.ignore)
    assert trials == [request_here, other]


@pytest.mark.parametrize("name", ["machine", "version", "WORTH"])
def test_other_machine_torch_or_rule_is_measured_anew(
    request_here: TrialRequest, trials: list[TrialRequest], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A cache that was copied to another machine gives no answer there."""
    settle(request_here, tiny.ignore)
    monkeypatch.setattr(precision, name, 1.5 if name == "WORTH" else lambda of: f"another {of}")
    assert known(request_here) is None
    settle(request_here, tiny.ignore)
    assert len(trials) == 2


def test_known_is_what_was_settled_and_measures_nothing(request_here: TrialRequest, trials: list[TrialRequest]) -> None:
    """Null until it was; null again once its file is gone; null on CUDA, where only torch can name the machine."""
    assert known(request_here) is None
    settled = settle(request_here, tiny.ignore)
    assert known(request_here) == settled
    assert known(dataclasses.replace(request_here, device="cuda")) is None
    for file in request_here.places.cache_dir.glob("trials/*/manifest.json"):
        file.unlink()
    assert known(request_here) is None
    assert len(trials) == 1


def test_trial_that_fails_leaves_no_answer(request_here: TrialRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is made as if nothing had been."""

    def fail(request: TrialRequest, progress: Any) -> Settled:
        raise RuntimeError("no bfloat16 here")

    with monkeypatch.context() as patch:
        patch.setattr(precision, "_trial", fail)
        with pytest.raises(RuntimeError, match="no bfloat16 here"):
            settle(request_here, tiny.ignore)
    assert known(request_here) is None
    monkeypatch.setattr(precision, "_trial", lambda *_: Settled("fp32", "well"))
    assert settle(request_here, tiny.ignore) == Settled("fp32", "well")


def test_trial_is_listed_in_the_cache_in_words(request_here: TrialRequest, trials: list[TrialRequest]) -> None:
    """With the backbone, the size and the device."""
    settle(request_here, tiny.ignore)
    (kept,) = (request_here.places.cache_dir / "trials").glob("[!.]*")
    assert cache.manifest(kept)["label"] == "precision of test_resnet at 32 px on cpu"


def test_record_says_why_its_precision_was_taken(places: Places, tmp_path: Path) -> None:
    """The measured figures, or that it was asked for: one cell, by either way."""
    auto, asked = (tiny.one_cell(tmp_path, f"grid.precision=[{each}]") for each in ("auto", "fp32"))
    assert auto.cell_id == asked.cell_id
    for cell, reason in ((auto, "no trial in tests"), (asked, "asked for")):
        tiny.run_cells([cell], tmp_path / reason, places)
        record = tiny.records_of(tmp_path / reason)[cell.cell_id]
        assert (record.precision, record.precision_reason) == ("fp32", reason)


@pytest.mark.slow
def test_auto_is_settled_before_a_run_in_a_process_of_its_own(bench: Command, tmp_path: Path) -> None:
    """The command says that it measures; the record gives the figures."""
    said = bench("run", tiny.write_suite(tmp_path), *PROBE, *QUICK, "--set", "grid.precision=[auto]", "--json")
    assert said.code == 0, said.err
    assert "test_resnet: does bfloat16 pay on this machine? (measured once)" in said.err
    (record,) = said.json["records"]
    assert FIGURES.fullmatch(record["precision_reason"])
    assert record["precision"] in ("fp32", "bf16")
