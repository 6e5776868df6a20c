"""What is left of the source task: measured where the weights' classifier and its images are at hand."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.cell.cell import run_cell
from bench.cell.job import CellJob
from bench.contracts.data import Places
from bench.probes import forgetting
from tests.material import tiny

PRINTED = "dataset={name: glyphs, characters: digits, train_images: 400, test_images: 100}"
TRAINED = "grid.weights=[supervised@digits]"


def job(folder: Path, places: Places, *overrides: str) -> CellJob:
    """A transfer from handwritten digits to printed ones."""
    return tiny.job_of(tiny.one_cell(folder, PRINTED, TRAINED, *overrides), places)


def run_one(folder: Path, places: Places, *overrides: str) -> Mapping[str, Any]:
    return run_cell(job(folder, places, *overrides), tiny.ignore).fields


@pytest.mark.slow
def test_fine_tuning_forgets_and_a_frozen_backbone_does_not(places: Places, tmp_path: Path) -> None:
    """Both start from the same classifier, which has learnt its task."""
    frozen = run_one(tmp_path, places)
    tuned = run_one(tmp_path, places, "grid.method=finetune", "train.steps=20", "train.learning_rate=0.01")
    assert frozen["source_accuracy_before"] == tuned["source_accuracy_before"] > 0.8
    assert frozen["forgetting"] == 0
    assert tuned["forgetting"] > 0.1
    assert tuned["source_accuracy_after"] == pytest.approx(tuned["source_accuracy_before"] - tuned["forgetting"])
    assert frozen["n_source_test"] == tuned["n_source_test"] == 359
    assert tuned["forgetting_s"] > 0
    assert "forgetting_reason" not in tuned


@pytest.mark.slow
@pytest.mark.parametrize("method", ["adapter", "lora", "visual_prompt"])
def test_adapters_in_the_backbone_are_part_of_what_it_has_become(method: str, places: Places, tmp_path: Path) -> None:
    """Though every weight that it was built with is as it was."""
    pytest.importorskip("peft" if method == "lora" else "torch")
    backbone = "test_resnet" if method == "adapter" else "test_vit"
    fields = run_one(
        tmp_path,
        places,
        f"grid.method={method}",
        f"grid.backbone={backbone}",
        "train.steps=20",
        "train.learning_rate=0.05",
    )
    assert fields["audit"]["frozen_unchanged"]
    assert fields["source_accuracy_after"] != fields["source_accuracy_before"]


@pytest.mark.slow
def test_accuracy_before_is_measured_once_in_a_run(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For all methods and seeds from one start; a frozen backbone asks for nothing more."""
    looks: list[str] = []
    measure = forgetting.accuracy_of
    monkeypatch.setattr(forgetting, "accuracy_of", lambda *given: looks.append("look") or measure(*given))
    kept = [
        run_cell(dataclasses.replace(job(tmp_path, places, f"grid.seed=[{seed}]"), profiles=tmp_path), tiny.ignore)
        for seed in (0, 1)
    ]
    assert len(looks) == 1
    assert len({each.fields["source_accuracy_before"] for each in kept}) == 1


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (["grid.weights=random"], "random weights"),
        (["grid.method=scratch"], "random weights"),
        (["grid.weights=['tests.material.own_pretraining:Quick@digits']"], "without a classifier"),
    ],
)
def test_where_there_is_no_source_task_the_reason_is_told(
    overrides: list[str], reason: str, places: Places, tmp_path: Path
) -> None:
    fields = run_one(tmp_path, places, *overrides)
    assert reason in fields["forgetting_reason"]
    assert fields.get("forgetting") is None


def test_weights_with_a_classifier_but_without_its_images(places: Places, tmp_path: Path) -> None:
    """As ImageNet's, which nobody has here."""
    path = job(tmp_path, places).weights.path
    fields = run_one(tmp_path, places, f"grid.weights=['{path}']")
    assert "not at hand" in fields["forgetting_reason"]
