"""One cell from its identity to its record: every key, every check of the audit, and that the audit can fail."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.metrics import accuracy_score

from bench.catalog import METHODS
from bench.cell.cell import run_alone, run_cell
from bench.cell.job import CellResult
from bench.contracts.data import Places
from bench.records.identity import identity_fields
from bench.records.record import Record
from bench.schema import Cell, content_hash
from tests.material import networks, tiny

NOT_FROM_THE_CELL = {
    "status",
    "reason",
    "traceback",
    "schema_version",
    "executor",
    "env",
    "side_file",
    "right_offset",
    "finished_at",
    "dataset_license",
    "dataset_notes",
}
"""Keys that the run adds to what the cell gives."""
FROM_A_PROFILE = {
    "profiled_in",
    "profile_reason",
    "anatomy_ms",
    "memory_mib_by_kind",
    "synthetic_ratio",
    "bound_by",
    "forward_gflop",
    "step_gflop",
    "peak_gflop_per_s",
    "mfu",
    "latency_ms",
    *("flop_reason", "mfu_reason", "bound_by_reason"),
}
"""Keys of what is measured once for cells alike, where the run says where to keep it."""
SOLVED = ("linear_probe", "ridge_probe")
MAY_BE_NULL = {
    *("subset_seed", "init_seed", "order_seed"),  # as the seed
    "weights_sha256",
    "weights_license",
    "source",
    "source_fingerprint",
    "n_source",
    "search",
    "trials",
    "transferability",
    "fraction",
    "top5_accuracy",
    "val_accuracy",
    "val_loss",
    "n_held_out",
    "initial_loss",
    "final_loss",
    "batch_effective",
    "steps_done",
    "step_ms",
    "warmup_s",
    "warmup_steps",
    "features_s",
    "features_cold_s",
    "peak_cuda_allocated_mib",
    "peak_cuda_reserved_mib",
    "peak_cuda_mib_by_phase",
    "cuda_device_used_mib",
    "gpu_state",
    "frozen_part",
    "frozen_part_reason",
    "optimizer_kind",
    "compile_s",
    "pinned_to",
    *("corruption_accuracy", "corruption_clean_accuracy", "n_corrupted", "corruptions_s", "corruptions_reason"),
    *("source_accuracy_before", "source_accuracy_after", "forgetting", "n_source_test", "forgetting_s"),
    *("forgetting_reason", "overlap", "overlap_reason", "n_test_pretrained"),
}


def run_one(folder: Path, places: Places, *overrides: str) -> tuple[Cell, CellResult]:
    """Run one cell of the tiny suite in this process."""
    cell = tiny.one_cell(folder, *overrides)
    return cell, run_cell(tiny.job_of(cell, places), tiny.ignore)


BASIC = ("scratch", "linear_probe", "ridge_probe", "mlp_probe", "partial_finetune", "finetune")


@pytest.fixture(scope="module", params=BASIC)
def done(
    request: pytest.FixtureRequest, places: Places, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Cell, CellResult]:
    """A cell of each basic way to transfer."""
    return run_one(tmp_path_factory.mktemp("cell"), places, f"grid.method={request.param}")


def test_every_key_of_a_record_is_filled(done: tuple[Cell, CellResult]) -> None:
    """What is null is null for a reason."""
    assert_whole(*done)


@pytest.fixture(scope="module")
def with_classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that come with a classifier of seven classes."""
    backbone = networks.build("test_resnet", 32)
    head = torch.nn.Linear(backbone.width, 7)
    state = {**backbone.network.state_dict(), "head.weight": head.weight.data, "head.bias": head.bias.data}
    file = tmp_path_factory.mktemp("weights") / "classifier.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, file)
    return file


@pytest.mark.parametrize("name", [name for name in METHODS.names() if name not in BASIC])
def test_every_method_makes_a_whole_record(name: str, places: Places, tmp_path: Path, with_classifier: Path) -> None:
    """On a network and from weights that suit it, with a source domain where it adapts from one."""
    needs = {
        **{name: ["grid.backbone=test_vit"] for name in ("visual_prompt", "lora", "dora", "ia3")},
        "co_tuning": [f"grid.weights=[{with_classifier}]"],
        "memo": ["image_size=16"],
    }
    extra = METHODS.entry(name).extra
    if extra is not None:
        pytest.importorskip(extra)
    overrides = [f"grid.method={name}", "grid.source=glyphs", *needs.get(name, [])]
    cell, result = run_one(tmp_path, places, *overrides)
    assert_whole(cell, result)
    fields, arrays = result.fields, result.arrays
    assert False not in fields["audit"].values()
    assert (fields["n_labels"], fields["n_train"], fields["n_val"]) == (60, 50, 10)
    assert fields["accuracy"] == accuracy_score(arrays["labels"], arrays["predictions"])
    parts = ("data_s", "build_s", "select_s", "features_s", "tune_s", "train_s", "eval_s", "oracle_s")
    assert sum(fields[part] or 0 for part in parts) == pytest.approx(fields["total_s"])
    assert all((fields[part] or 0) >= 0 for part in parts)


def assert_whole(cell: Cell, result: CellResult) -> None:
    """Assert that a cell fills the record: what is null is null for a reason."""
    fields: dict[str, Any] = identity_fields(cell) | result.fields
    names = {field.name for field in dataclasses.fields(Record)}
    assert set(fields) <= names
    assert names - set(fields) - NOT_FROM_THE_CELL - FROM_A_PROFILE <= MAY_BE_NULL
    empty = {key for key, value in fields.items() if value is None}
    assert empty <= MAY_BE_NULL | {"limit"}
    Record(**fields, status="ok", reason=None)


def test_accuracies_lie_between_0_and_1_and_agree(done: tuple[Cell, CellResult]) -> None:
    """The kept predictions give the accuracy; the oracle is the best of all candidates."""
    fields, arrays = done[1].fields, done[1].arrays
    for key in ("accuracy", "top5_accuracy", "val_accuracy", "oracle_accuracy"):
        assert 0 <= fields[key] <= 1
    assert fields["accuracy"] == accuracy_score(arrays["labels"], arrays["predictions"])
    assert fields["accuracy"] <= fields["oracle_accuracy"] == arrays["candidate_accuracies"].max()
    assert fields["accuracy"] <= fields["top5_accuracy"]
    counts = np.bincount(arrays["labels"], minlength=10)
    assert np.dot(fields["per_class_accuracy"], counts) / counts.sum() == pytest.approx(fields["accuracy"], abs=1e-5)
    assert np.allclose(arrays["probabilities"].sum(1, dtype=np.float64), 1, atol=5e-3)


def test_audit_passes(done: tuple[Cell, CellResult]) -> None:
    """No check of any method fails, and frozen methods are checked for it."""
    cell, result = done
    audit = result.fields["audit"]
    assert False not in audit.values(), audit
    assert audit["splits_disjoint"] is audit["test_opened_once"] is True
    frozen = cell.method.name in (*SOLVED, "mlp_probe", "partial_finetune")
    assert audit["frozen_unchanged"] is (True if frozen else None)
    by_steps = cell.method.name not in SOLVED
    assert audit["optimizer_exact"] is audit["initial_loss_ln_classes"] is (True if by_steps else None)


def test_labels_are_counted_validation_included(done: tuple[Cell, CellResult]) -> None:
    """Six of each of ten classes; a fifth of six, rounded, validates."""
    cell, result = done
    fields, arrays = result.fields, result.arrays
    assert (fields["n_labels"], fields["n_train"], fields["n_val"]) == (60, 50, 10)
    assert (fields["labels_per_class"], fields["n_classes"], fields["n_test"]) == (6, 10, tiny.LIMIT)
    assert fields["fraction"] == 60 / tiny.LIMIT
    assert (len(arrays["fit_index"]), len(arrays["val_index"])) == (50, 10)
    assert cell.limit == tiny.LIMIT


def test_time_is_split_without_double_counting(done: tuple[Cell, CellResult]) -> None:
    """The parts make up the whole."""
    fields = done[1].fields
    parts = ("data_s", "build_s", "select_s", "features_s", "tune_s", "train_s", "eval_s", "oracle_s")
    assert sum(fields[part] or 0 for part in parts) == pytest.approx(fields["total_s"])
    assert all((fields[part] or 0) >= 0 for part in parts)


def test_steps_and_sizes_are_those_asked_for(done: tuple[Cell, CellResult]) -> None:
    """Four steps of sixteen; a probe's model is the backbone and its head."""
    cell, result = done
    fields = result.fields
    if cell.method.name not in SOLVED:
        assert (fields["steps_done"], fields["batch_effective"]) == (4, 16)
        assert len(result.arrays["losses"]) == len(result.arrays["step_s"]) == 4
        assert fields["initial_loss"] == pytest.approx(np.log(10), rel=1e-4)
        assert (fields["optimizer_kind"], fields["compile_s"]) == ("fused", None)
    everything = cell.method.name in ("scratch", "finetune")
    assert (fields["trainable_params"] == fields["total_params"]) == everything
    assert 0 < fields["trainable_params"] <= fields["total_params"]
    assert fields["checkpoint_bytes"] >= 4 * fields["trainable_params"]


def test_frozen_part_is_told_with_its_cost(done: tuple[Cell, CellResult]) -> None:
    """The whole backbone of a probe, up to the last stage of a partial fine-tune, none where all learns."""
    cell, result = done
    fields = result.fields
    part = {"scratch": None, "finetune": None, "partial_finetune": "up to layer3"}
    assert fields["frozen_part"] == part.get(cell.method.name, "features")
    assert fields["frozen_part_reason"] is None
    shared = fields["frozen_part"] is not None
    assert (fields["features_s"] is not None) == (fields["features_cold_s"] is not None) == shared
    assert fields["throughput_of"] == ("extraction" if fields["frozen_part"] == "features" else "training")


@pytest.mark.parametrize("tensor", ["conv1.0.weight", "bn1.running_mean"])
def test_tampering_with_a_frozen_backbone_is_caught(places: Places, tmp_path: Path, tensor: str) -> None:
    """A parameter or a buffer: one element is enough."""
    method = f"grid.method=[{{name: 'tests.material.own_methods:Tampers', tensor: {tensor}}}]"
    assert run_one(tmp_path, places, method)[1].fields["audit"]["frozen_unchanged"] is False


def test_same_labels_for_every_method_and_weights(places: Places, tmp_path: Path) -> None:
    """Cells pair: the subset hangs on the data set, the budget and the seed alone."""
    runs = [
        run_one(tmp_path, places, "grid.method=scratch")[1],
        run_one(tmp_path, places, "grid.method=mlp_probe")[1],
        run_one(tmp_path, places, "grid.method=linear_probe", "train.steps=1")[1],
    ]
    assert len({run.fields["subset_sha256"] for run in runs}) == 1
    assert len({run.fields["test_sha256"] for run in runs}) == 1
    other_seed = run_one(tmp_path, places, "grid.seed=[1]")[1]
    assert other_seed.fields["subset_sha256"] != runs[0].fields["subset_sha256"]


def test_too_few_labels_select_nothing(places: Places, tmp_path: Path) -> None:
    """Under five per class no checkpoint, under two no strength: documented defaults, no validation accuracy."""
    for method, labels, said in (("linear_probe", 1, "default l2"), ("finetune", 4, "last step")):
        fields = run_one(tmp_path, places, f"grid.method={method}", f"grid.labels_per_class={labels}")[1].fields
        assert (fields["n_labels"], fields["n_val"], fields["val_accuracy"]) == (10 * labels, 0, None)
        assert said in fields["selection"]


def test_folds_choose_for_what_is_solved_where_nothing_can_be_held_out_for_good(places: Places, tmp_path: Path) -> None:
    """From two labels per class on."""
    fields = run_one(tmp_path, places, "grid.method=linear_probe", "grid.labels_per_class=2")[1].fields
    assert (fields["n_val"], len(fields["chosen"]["path"])) == (0, 9)
    assert 0 <= fields["val_accuracy"] <= 1
    assert "2 folds" in fields["selection"]
    assert fields["n_held_out"] == 20


def test_random_weights_hang_on_the_seed(places: Places, tmp_path: Path) -> None:
    """Another seed is another network; features of both are kept apart."""
    first = run_one(tmp_path, places)[1].arrays["probabilities"]
    again = run_one(tmp_path, places)[1].arrays["probabilities"]
    other = run_one(tmp_path, places, "grid.seed=[1]")[1].arrays["probabilities"]
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, other)


def test_suites_name_is_no_part_of_a_cell(places: Places, tmp_path: Path) -> None:
    """Nor is its time limit: the id and the numbers stay."""
    cell, result = run_one(tmp_path, places)
    renamed, same = run_one(tmp_path, places, "name=other", "timeout_s=1000")
    assert cell.cell_id == renamed.cell_id
    assert content_hash(result.fields["per_class_accuracy"]) == content_hash(same.fields["per_class_accuracy"])


def test_bf16_is_another_precision(places: Places, tmp_path: Path) -> None:
    """It runs, and gives other numbers than fp32."""
    full = run_one(tmp_path, places, "grid.method=finetune")[1]
    half_cell, half = run_one(tmp_path, places, "grid.method=finetune", "grid.precision=[bf16]")
    assert half_cell.precision == "bf16"
    assert half.arrays["losses"].tobytes() != full.arrays["losses"].tobytes()
    assert False not in half.fields["audit"].values()


def test_reason_is_told_where_a_part_is_not_shared(places: Places, tmp_path: Path) -> None:
    """In the record, beside null."""
    fields = run_one(tmp_path, places, "grid.method=partial_finetune", "train.augmentation=basic")[1].fields
    assert (fields["frozen_part"], fields["frozen_part_reason"]) == (None, "images are augmented before it")
    assert fields["features_s"] is fields["features_cold_s"] is None


@pytest.mark.parametrize("method", ["linear_probe", "[{name: partial_finetune, prefix: cached}]"])
def test_cell_alone_shares_nothing(cold_places: Places, tmp_path: Path, method: str) -> None:
    """It pays for its own features, leaves none behind, and has the numbers of one that shares."""
    cell = tiny.one_cell(tmp_path, f"grid.method={method}")
    job = tiny.job_of(cell, cold_places)
    shared = run_cell(job, tiny.ignore)
    before = sorted(cold_places.cache_dir.rglob("*"))
    alone = run_alone(job, tiny.ignore)
    assert sorted(cold_places.cache_dir.rglob("*")) == before
    assert alone.fields["features_s"] >= alone.fields["features_cold_s"] > 0
    for name in ("predictions", "probabilities", "candidate_accuracies"):
        assert alone.arrays[name].tobytes() == shared.arrays[name].tobytes()
