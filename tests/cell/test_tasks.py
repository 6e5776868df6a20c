"""What a cell is put together from: its source domain, its chosen images, a backbone whose state is its own."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bench.cell.cell import run_cell
from bench.cell.job import CellJob
from bench.cell.networks import tensor_hashes
from bench.cell.tasks import source_domain
from bench.contracts.data import Places
from bench.data.decode import Decoded
from bench.errors import BenchError, InvalidData
from bench.schema import Cell
from tests.material import tiny

ADAPTS = ("grid.method=tests.material.own_methods:Adapts", "grid.source=glyphs")


def test_source_has_the_targets_classes_by_name(tmp_path: Path, places: Places) -> None:
    """Glyphs are drawn in the order of their 62 characters; of these the ten digits are taken, as 0 to 9."""
    cell = tiny.one_cell(tmp_path, *ADAPTS)
    source = source_domain(tiny.job_of(cell, places))
    whole = np.arange(tiny.LIMIT) % 62
    assert source.labels.dtype == np.int64
    assert np.bincount(source.labels, minlength=10).tolist() == np.bincount(whole[whole < 10], minlength=10).tolist()
    assert source.images.shape == (len(source.labels), 32, 32, 3)


def test_source_without_a_class_of_the_target_is_refused(tmp_path: Path, places: Places) -> None:
    """Its name is given, and what to do."""
    cell = tiny.one_cell(
        tmp_path, "dataset=glyphs", "grid.method=tests.material.own_methods:Adapts", "grid.source=digits"
    )
    with pytest.raises(InvalidData, match=r"source digits: has no class A, B, .*; give one with the target's classes"):
        source_domain(tiny.job_of(cell, places))


def test_record_tells_of_the_source(tmp_path: Path, places: Places) -> None:
    """Which it was, what it held, how many images were of the target's classes."""
    cell = tiny.one_cell(tmp_path, *ADAPTS)
    out = tmp_path / "out"
    assert tiny.run_cells([cell], out, places).exit_code == 0
    record = tiny.records_of(out)[cell.cell_id]
    assert record.source == "glyphs"
    assert record.source_fingerprint
    assert record.n_source is not None
    assert record.n_source > 20


def test_source_is_part_of_a_cell_only_where_the_method_uses_it(tmp_path: Path) -> None:
    """A suite with a source leaves the other methods' cells as they are."""
    suite = tiny.write_suite(tmp_path)
    plain = {cell.cell_id for cell in tiny.cells_of(suite)}
    assert {cell.cell_id for cell in tiny.cells_of(suite, ["grid.source=glyphs"])} == plain


def test_method_that_needs_a_source_is_refused_without(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"adapts from a labelled source; write source: \[glyphs\]"):
        tiny.one_cell(tmp_path, "grid.method=tests.material.own_methods:Adapts")


def test_no_labels_are_for_methods_with_a_source(tmp_path: Path) -> None:
    """Of the others no cell is made; a grid of nothing else is empty."""
    suite = tiny.write_suite(tmp_path)
    overrides = ["grid.fraction=[0]", "grid.labels_per_class=null", "grid.source=glyphs"]
    both: list[Cell] = tiny.cells_of(
        suite, [*overrides, "grid.method=[linear_probe, tests.material.own_methods:Adapts]"]
    )
    assert {cell.method.name for cell in both} == {"tests.material.own_methods:Adapts"}
    with pytest.raises(BenchError, match="has neither labels nor a source"):
        tiny.cells_of(suite, [*overrides, "grid.method=linear_probe"])


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["random", "kcenter", "herding", "typiclust"])
def test_cell_learns_from_the_images_that_its_rule_chose(tmp_path: Path, places: Places, rule: str) -> None:
    """As many as the budget, others than the stratified ones; features that the rule needs are charged as such."""
    cells = [tiny.one_cell(tmp_path, f"grid.selection={name}") for name in ("stratified", rule)]
    stratified, chosen = (run_cell(tiny.job_of(cell, places), tiny.ignore).fields for cell in cells)
    assert chosen["n_labels"] == stratified["n_labels"] == 60
    assert chosen["subset_sha256"] != stratified["subset_sha256"]
    assert chosen["select_s"] >= 0
    assert all(passed in (True, None) for passed in chosen["audit"].values())


def test_each_seed_draws_what_it_is_for_and_nothing_else(tmp_path: Path, places: Places) -> None:
    """Images hang on that of the subset, initial weights on that of initialisation, batches on that of the order."""

    def drawn(*overrides: str) -> tuple[str, str, list[int]]:
        cell = tiny.one_cell(tmp_path, "grid.method=finetune", *overrides)
        task, backbone = tiny.task_of(cell, places)
        chosen = sorted([*task.fit_index.tolist(), *task.val_index.tolist()])
        uses = [task.seed_of(use) for use in ("init", "order", "augmentation", "noise", "source validation")]
        return str(chosen), str(sorted(tensor_hashes(backbone).items())), uses

    images, weights, (init, *orders, held_out) = drawn()
    assert drawn("grid.repeat=1") == (images, weights, [init, *orders, held_out])
    other = drawn("grid.subset_seed=1")
    assert (other[0] != images, other[1] == weights, other[2][:4] == [init, *orders]) == (True, True, True)
    assert other[2][4] != held_out
    other = drawn("grid.init_seed=1")
    assert (other[0] == images, other[1] != weights, other[2][0] != init) == (True, True, True)
    assert other[2][1:] == [*orders, held_out]
    other = drawn("grid.order_seed=1")
    assert (other[0], other[1], other[2][0], other[2][4]) == (images, weights, init, held_out)
    assert not set(other[2][1:4]) & set(orders)
    everything = drawn("grid.subset_seed=1", "grid.init_seed=1", "grid.order_seed=1")
    assert everything == drawn("grid.seed=1")


def test_a_cell_that_runs_again_has_a_record_of_its_own_and_the_same_digits(tmp_path: Path, places: Places) -> None:
    """An A/A comparison: on this device a run adds no noise."""
    cells = [tiny.one_cell(tmp_path, f"grid.repeat={repeat}") for repeat in (0, 1)]
    out = tmp_path / "out"
    assert tiny.run_cells(cells, out, places).exit_code == 0
    first, second = (tiny.records_of(out)[cell.cell_id] for cell in cells)
    assert (first.repeat, second.repeat) == (0, 1)
    same = [
        {k: v for k, v in tiny.settled(r).items() if k not in ("cell_id", "repeat", "side_file")}
        for r in (first, second)
    ]
    assert same[0] == same[1]


def own_job(tmp_path: Path, places: Places, *overrides: str) -> CellJob:
    """A cell whose last hundred training images are the user's own to select on."""
    job = tiny.job_of(tiny.one_cell(tmp_path, *overrides), places)
    return dataclasses.replace(job, cell=dataclasses.replace(job.cell, validation="own"), own_validation=100)


@pytest.mark.parametrize("rule", ["stratified", "random", "kcenter"])
def test_own_validation_images_are_in_no_budget(tmp_path: Path, places: Places, rule: str) -> None:
    """All of the budget is learnt from, none of it lies among the images that select."""
    fields = run_cell(own_job(tmp_path, places, f"grid.selection={rule}"), tiny.ignore)
    found, arrays = fields.fields, fields.arrays
    assert found["n_labels"] == found["n_train"] == (59 if rule == "stratified" else 60), "one class has five images"
    assert found["n_val"] == 100
    assert found["fraction"] == found["n_labels"] / (tiny.LIMIT - 100)
    assert arrays["fit_index"].max() < tiny.LIMIT - 100 <= arrays["val_index"].min()
    assert found["selection"].startswith("best l2 by Brier score on validation")
    assert all(passed in (True, None) for passed in found["audit"].values())


def test_a_probe_is_fitted_again_on_the_budget_alone(tmp_path: Path, places: Places) -> None:
    """Labels of the own validation images change which strength is taken, and nothing of the fit itself."""
    job = own_job(tmp_path, places, "grid.method=[{name: linear_probe, l2: [0.1]}]")
    plain = run_cell(job, tiny.ignore).arrays["probabilities"]
    train = job.data.split("train")
    other = dataclasses.replace(train, labels=np.where(np.arange(len(train.labels)) < 100, train.labels, 0))
    with pytest.MonkeyPatch.context() as patch:
        splits = Decoded.split
        patch.setattr(Decoded, "split", lambda data, name: other if name == "train" else splits(data, name))
        assert np.array_equal(run_cell(job, tiny.ignore).arrays["probabilities"], plain)
