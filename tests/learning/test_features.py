"""What frozen parts give: kept under all that decides it, served bit for bit, the same whoever asked first."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from bench.cell.networks import tensor_hashes
from bench.contracts.networks import Backbone
from bench.contracts.training import View
from bench.data.batches import ImageBatches, fetch
from bench.errors import Diverged
from bench.learning.features import forward, forward_all
from bench.machine import cache
from bench.machine.devices import autocast
from bench.schema import content_hash
from tests.material import networks
from tests.material.frozen_parts import Images, bits, digits, features_of, maps, whole

BATCH, CHUNK = 8, 16
VIEWS: list[View] = [("basic", 0), ("basic", 1), ("randaugment", 0)]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of eight, chunks of two batches."""
    monkeypatch.setattr("bench.learning.features.BATCH", BATCH)
    monkeypatch.setattr("bench.learning.features.CHUNK", CHUNK)


@pytest.fixture(scope="module")
def images() -> Images:
    """Digits in RGB at 32 px: three chunks, and one that is not a whole number of batches."""
    return digits(60)


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    """A small residual network with random weights."""
    return networks.build("test_resnet", 32)


def test_second_call_is_served_bit_for_bit(backbone: Backbone, images: Images, tmp_path: Path) -> None:
    """To another cell, which extracts nothing."""
    first, second = features_of(backbone, tmp_path), features_of(backbone, tmp_path)
    made, served = (features.of("train", images, whole(backbone)) for features in (first, second))
    assert (first.extractions, second.extractions) == (1, 0)
    assert made.shape == (len(images), backbone.width)
    assert made.dtype == torch.float32
    assert bits(made) == bits(served)
    assert second.manifests == first.manifests


def test_features_are_the_networks_outputs_in_eval_mode(backbone: Backbone, images: Images, tmp_path: Path) -> None:
    """Of normalised pixels; no parameter or buffer moves."""
    before = networks.hashes(backbone.network)
    backbone.network.train()
    made = features_of(backbone, tmp_path).of("train", images, whole(backbone))
    assert networks.hashes(backbone.network) == before
    spec = backbone.input
    pixels = torch.from_numpy(images[:4].copy()).permute(0, 3, 1, 2) / 255
    normalised = (pixels - torch.tensor(spec.mean).view(3, 1, 1)) / torch.tensor(spec.std).view(3, 1, 1)
    with torch.no_grad():
        torch.testing.assert_close(made[:4], backbone.network.eval()(normalised), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_maps_are_kept_bit_for_bit_in_the_precision_they_come_in(
    backbone: Backbone, images: Images, tmp_path: Path, precision: str
) -> None:
    """Numpy knows no bfloat16; features alone are widened."""
    part = maps(backbone)
    made, served = (features_of(backbone, tmp_path, precision=precision).of("train", images, part) for _ in range(2))
    batch = fetch(ImageBatches(images, backbone.input, "cpu"), np.arange(BATCH))
    with torch.inference_mode(), autocast("cpu", precision):
        expected = part.module(batch)
    assert expected.dtype == (torch.bfloat16 if precision == "bf16" else torch.float32)
    for outputs in (made, served):
        assert (outputs.dtype, outputs.shape[1:]) == (expected.dtype, expected.shape[1:])
        assert bits(outputs[:BATCH]) == bits(expected)
    assert bits(made) == bits(served)
    widened = features_of(backbone, tmp_path, precision=precision).of("train", images, whole(backbone))
    assert widened.dtype == torch.float32


@pytest.mark.parametrize(
    "change",
    [
        {"name": "twin_with_the_same_tensors"},
        {"network": "hash of other tensors"},
        {"data_key": "others"},
        {"precision": "bf16"},
        {"threads": 2},
        {"input": 1},
        {"split": "test"},
        {"part": 1},
        {"definition": 1},
        {"view": ("basic", 0)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_decides_an_output_is_part_of_its_key(
    backbone: Backbone, images: Images, tmp_path: Path, change: dict[str, Any]
) -> None:
    """Other data, precision, threads, weights, normalisation, split, part or view: extracted anew."""
    features_of(backbone, tmp_path).of("train", images, whole(backbone))
    change = dict(change)
    split, view = change.pop("split", "train"), change.pop("view", None)
    part = maps(backbone) if change.pop("part", None) else whole(backbone)
    if change.pop("definition", None):
        part = dataclasses.replace(part, definition="another computation of that name")
    if change.pop("input", None):
        backbone = dataclasses.replace(backbone, input=dataclasses.replace(backbone.input, mean=(0.1, 0.1, 0.1)))
    other = features_of(backbone, tmp_path, **change)
    other.of(split, images, part, view)
    assert other.extractions == 1
    again = features_of(backbone, tmp_path, **change)
    again.of(split, images, part, view)
    assert again.extractions == 0


def test_one_changed_bit_of_a_buffer_is_another_network(images: Images, tmp_path: Path) -> None:
    """Weights that were fine-tuned never come back under the frozen ones' key."""
    network = networks.build("test_resnet", 32)
    before = content_hash(tensor_hashes(network))
    features_of(network, tmp_path, network=before).of("train", images, whole(network))
    network.network.state_dict()["bn1.running_mean"][0] += 1
    other = features_of(network, tmp_path, network=content_hash(tensor_hashes(network)))
    other.of("train", images, whole(network))
    assert other.extractions == 1


@pytest.mark.parametrize("view", [None, *VIEWS])
def test_extraction_hangs_on_no_state_of_the_process(
    backbone: Backbone, images: Images, tmp_path: Path, view: View | None
) -> None:
    """Other seeds, a network in training mode, another split before: the same bits, views too."""
    torch.manual_seed(1)
    first = features_of(backbone, tmp_path / "one").of("train", images, whole(backbone), view)
    torch.manual_seed(2)
    backbone.network.train()
    after_another = features_of(backbone, tmp_path / "two")
    after_another.of("test", images[:40], whole(backbone), view)
    assert bits(after_another.of("train", images, whole(backbone), view)) == bits(first)


def test_views_differ_from_each_other_and_from_the_plain_images(
    backbone: Backbone, images: Images, tmp_path: Path
) -> None:
    """In every image but those that a policy leaves as they are; batches are not augmented alike."""
    features = features_of(backbone, tmp_path)
    seen = [features.of("train", np.repeat(images[:1], 60, 0), whole(backbone), view) for view in (None, *VIEWS)]
    for number, one in enumerate(seen):
        for other in seen[:number]:
            assert (one != other).any(1).float().mean() > 0.6
    assert not torch.equal(seen[1][:BATCH], seen[1][BATCH : 2 * BATCH])
    assert set(features.manifests) == {("train", view) for view in (None, *VIEWS)}


def test_what_a_cell_does_to_its_outputs_stays_its_own(backbone: Backbone, images: Images, tmp_path: Path) -> None:
    """They are mapped, so that an operation in place could reach the file."""
    made = features_of(backbone, tmp_path).of("train", images, whole(backbone))
    kept = bits(made)
    made.mul_(-1)
    served = features_of(backbone, tmp_path)
    assert bits(served.of("train", images, whole(backbone))) == kept
    assert served.extractions == 0


@pytest.mark.parametrize("damage", ["truncated", "tampered", "gone"])
def test_damaged_outputs_are_made_again(backbone: Backbone, images: Images, tmp_path: Path, damage: str) -> None:
    """Bit for bit as they were."""
    kept = bits(features_of(backbone, tmp_path).of("train", images, whole(backbone)))
    (file,) = tmp_path.rglob("outputs.npy")
    contents = bytearray(file.read_bytes())
    contents[-1] ^= 1
    file.unlink()
    if damage != "gone":
        file.write_bytes(bytes(contents) if damage == "tampered" else bytes(contents[:-8]))
    again = features_of(backbone, tmp_path)
    assert bits(again.of("train", images, whole(backbone))) == kept
    assert again.extractions == 1


def test_cost_is_told_cold_and_as_paid(backbone: Backbone, images: Images, tmp_path: Path) -> None:
    """Whoever finds the outputs still knows what they cost, for all images or for some; a view costs once more."""
    first, second = features_of(backbone, tmp_path), features_of(backbone, tmp_path)
    assert first.rate() is None
    assert first.cpu_s_per_image() is None
    for features in (first, second):
        features.of("train", images, whole(backbone))
        features.of("test", images[:40], whole(backbone))
    seconds = {split: found["seconds"] for (split, _), found in first.manifests.items()}
    assert second.cold_s({"train": len(images), "test": 40}) == pytest.approx(sum(seconds.values()))
    assert second.cold_s({"train": len(images) // 2}) == pytest.approx(seconds["train"] / 2)
    assert second.rate() == pytest.approx((len(images) + 40) / sum(seconds.values()))
    assert set(second.paid_s) == {"train", "test"}
    assert first.paid_s["train"] >= seconds["train"]
    assert second.paid_s["train"] < first.paid_s["train"]
    before = second.paid_s["train"]
    second.of("train", images, whole(backbone), VIEWS[0])
    view_s = second.manifests["train", VIEWS[0]]["seconds"]
    assert second.paid_s["train"] >= before + view_s
    assert second.cold_s({"train": len(images)}) == pytest.approx(seconds["train"] + view_s)


@pytest.mark.parametrize(("workers", "joins"), [(1, False), (2, True)])
def test_cells_side_by_side_alone_join_in_an_extraction(
    backbone: Backbone, images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, joins: bool
) -> None:
    """One that runs alone would have its speed measured beside another's work; it waits."""
    asked: list[bool] = []
    folder = cache.folder

    def seen(root: Path, kind: str, key: Any, label: str, make: Any, join: Any) -> Path:
        asked.append(join is not None)
        return folder(root, kind, key, label, make, join)

    monkeypatch.setattr(cache, "folder", seen)
    features_of(backbone, tmp_path, workers=workers).of("train", images, whole(backbone))
    assert asked == [joins]


def test_a_rate_is_told_only_where_it_was_measured_alone_and_here(
    backbone: Backbone, images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outputs made beside other cells, or on another machine, serve as outputs but not as a measurement."""
    beside, alone = features_of(backbone, tmp_path / "beside", workers=2), features_of(backbone, tmp_path / "alone")
    for features in (beside, alone):
        features.of("train", images, whole(backbone))
    assert beside.rate() is None
    assert alone.rate()
    served = features_of(backbone, tmp_path / "beside")
    served.of("train", images, whole(backbone))
    assert (served.extractions, served.rate()) == (0, None)
    monkeypatch.setattr("bench.learning.features.machine", lambda device: "another machine")
    assert alone.rate() is None


@pytest.mark.parametrize("start", [0, CHUNK])
@pytest.mark.parametrize("count", [1, BATCH, BATCH + 1, CHUNK, 3 * CHUNK - 1])
def test_forward_gives_every_row_once_and_no_graph(count: int, start: int) -> None:
    """In order, in batches that begin at the same places wherever it begins itself."""
    seen: list[tuple[int, int]] = []

    def read(index: npt.NDArray[np.int64]) -> torch.Tensor:
        seen.append((int(index[0]), len(index)))
        return torch.from_numpy(index).float()

    outputs = forward(torch.nn.Identity(), read, start, start + count, "cpu", "fp32")
    assert outputs.tolist() == list(range(start, start + count))
    assert not outputs.requires_grad
    assert seen == [(first, min(BATCH, start + count - first)) for first in range(start, start + count, BATCH)]
    assert forward_all(torch.nn.Identity(), read, count, "cpu", "fp32").tolist() == list(range(count))


def test_outputs_that_are_not_finite_are_no_outputs() -> None:
    """A network whose last update broke it has no accuracy."""
    with pytest.raises(Diverged, match="not finite"):
        forward_all(torch.nn.Identity(), lambda index: torch.full((len(index), 2), torch.nan), 3, "cpu", "fp32")
