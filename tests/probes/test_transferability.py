"""Scores of features and labels: shared by the methods of a run, never by cells whose weights differ."""

from pathlib import Path

import pytest
import timm
import torch

from bench.contracts.data import Places
from tests.material import tiny

ORDERS = {"with first": ("with_head.pth", "without.pth"), "with last": ("without.pth", "with_head.pth")}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of one network: with its classifier, with another, without, and with a projection in its place."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(3)
    network = timm.create_model("test_resnet", num_classes=7)
    state = network.state_dict()
    bare = {name: tensor for name, tensor in state.items() if not name.startswith("fc.")}
    other = {"fc.weight": torch.randn(7, network.num_features), "fc.bias": torch.zeros(7)}
    hidden = {"fc.0.weight": torch.randn(96, network.num_features), "fc.0.bias": torch.zeros(96)}
    projection = {**hidden, "fc.2.weight": torch.randn(16, 96), "fc.2.bias": torch.zeros(16)}
    torch.save(state, folder / "with_head.pth")
    torch.save(bare, folder / "without.pth")
    torch.save({**bare, **other}, folder / "other_head.pth")
    torch.save({**bare, **projection}, folder / "projection.pth")
    return folder


def scores(folder: Path, files: Path, cache: Path, *names: str) -> dict[str, dict[str, float | None]]:
    """Return the scores of a cell with each file, run in this order into one folder."""
    places = Places(None, files, cache)
    cells = [tiny.one_cell(folder, f"grid.weights=[{name}]") for name in names]
    tiny.run_cells(cells, folder / "out", places)
    records = tiny.records_of(folder / "out")
    found = {cell.weights: records[cell.cell_id].transferability for cell in cells}
    return {name: dict(each) for name, each in found.items() if each is not None}


@pytest.mark.parametrize("order", ORDERS)
def test_whose_classifier_it_is_does_not_hang_on_the_order(
    order: str, files: Path, places: Places, tmp_path: Path
) -> None:
    """The networks are one, bit for bit: the scores of features alone are the same, LEEP and NCE are not."""
    found = scores(tmp_path, files, places.cache_dir, *ORDERS[order])
    with_head, without = found["with_head.pth"], found["without.pth"]
    assert (without.pop("leep"), without.pop("nce")) == (None, None)
    assert None not in (with_head.pop("leep"), with_head.pop("nce"))
    assert with_head == without


def test_another_classifier_gives_other_scores(files: Path, places: Places, tmp_path: Path) -> None:
    found = scores(tmp_path, files, places.cache_dir, "with_head.pth", "other_head.pth")
    assert found["with_head.pth"]["leep"] != found["other_head.pth"]["leep"]
    assert found["with_head.pth"]["logme"] == found["other_head.pth"]["logme"]


def test_a_projection_is_no_classifier(files: Path, places: Places, tmp_path: Path) -> None:
    found = scores(tmp_path, files, places.cache_dir, "with_head.pth", "projection.pth")
    assert (found["projection.pth"]["leep"], found["projection.pth"]["nce"]) == (None, None)


def test_a_method_that_needs_a_classifier_is_refused_a_projection(files: Path, places: Places, tmp_path: Path) -> None:
    """And the user is told what was left out of the file."""
    names = ("grid.weights=[projection.pth]", "grid.method=[co_tuning]")
    screen, cell = tiny.Quiet(), tiny.one_cell(tmp_path, *names)
    tiny.run_cells([cell], tmp_path / "out", Places(None, files, places.cache_dir), screen=screen)
    (record,) = tiny.records_of(tmp_path / "out").values()
    assert record.status == "failed"
    assert "the initial weights have no classifier" in (record.reason or "")
    told = "test_resnet (projection.pth): 4 tensors of the file are left out (fc.0.bias, fc.0.weight, fc.2.bias, "
    assert any(line.startswith(told) for line in screen.lines)
