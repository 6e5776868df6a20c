"""Frozen features: kept under all that decides them, served bit for bit, the same whoever asked first."""

import dataclasses
from pathlib import Path
from typing import Any

import networks
import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.datasets import load_digits

from bench.contracts import Backbone
from bench.errors import Diverged
from bench.features import BATCH, FrozenFeatures, forward_all

Images = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def images() -> Images:
    """Digits in RGB at 32 px: more than a batch and not a whole number of them."""
    pixels = np.kron(load_digits().images[: BATCH + 30] * 15, np.ones((1, 4, 4)))
    return np.repeat(pixels[..., None], 3, axis=-1).astype(np.uint8)


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    """A small residual network with random weights."""
    return networks.build("test_resnet", 32)


class Counting(FrozenFeatures):
    """Frozen features that count their extractions."""

    extractions = 0

    def _extract(self, folder: Path, images: Images) -> dict[str, Any]:
        self.extractions += 1
        return super()._extract(folder, images)


def features_of(backbone: Backbone, root: Path, **changes: Any) -> Counting:
    """Return features that nothing has asked for yet."""
    plain: dict[str, Any] = {
        "name": "test_resnet",
        "data_key": "digits",
        "device": "cpu",
        "precision": "fp32",
        "threads": 1,
    }
    return Counting(backbone=backbone, root=root, progress=lambda *_: None, **{**plain, **changes})


def test_second_call_is_served_bit_for_bit(backbone: Backbone, images: Images, tmp_path: Path) -> None:
    """To another cell, which extracts nothing."""
    first, second = features_of(backbone, tmp_path), features_of(backbone, tmp_path)
    made, served = first.of("train", images), second.of("train", images)
    assert (first.extractions, second.extractions) == (1, 0)
    assert made.shape == (len(images), backbone.width)
    assert made.dtype == torch.float32
    assert made.numpy().tobytes() == served.numpy().tobytes()
    assert second.manifests == first.manifests


def test_features_are_the_networks_outputs_in_eval_mode(backbone: Backbone, images: Images, tmp_path: Path) -> None:
    """Of normalised pixels; no parameter or buffer moves."""
    before = networks.hashes(backbone.network)
    backbone.network.train()
    made = features_of(backbone, tmp_path).of("train", images)
    assert networks.hashes(backbone.network) == before
    spec = backbone.input
    pixels = torch.from_numpy(images[:4]).permute(0, 3, 1, 2) / 255
    normalised = (pixels - torch.tensor(spec.mean).view(3, 1, 1)) / torch.tensor(spec.std).view(3, 1, 1)
    with torch.no_grad():
        torch.testing.assert_close(made[:4], backbone.network.eval()(normalised), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "twin_with_the_same_tensors"},
        {"data_key": "others"},
        {"precision": "bf16"},
        {"threads": 2},
        {"network": 1},
        {"input": 1},
        {"split": "test"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_decides_a_feature_is_part_of_its_key(
    backbone: Backbone, images: Images, tmp_path: Path, change: dict[str, Any]
) -> None:
    """Other data, precision, threads, weights, normalisation or split: extracted anew."""
    features_of(backbone, tmp_path).of("train", images)
    change = dict(change)
    split = change.pop("split", "train")
    if change.pop("network", None):
        backbone = networks.build("test_resnet", 32, seed=1)
    if change.pop("input", None):
        backbone = dataclasses.replace(backbone, input=dataclasses.replace(backbone.input, mean=(0.1, 0.1, 0.1)))
    other = features_of(backbone, tmp_path, **change)
    other.of(split, images)
    assert other.extractions == 1


def test_one_changed_bit_of_a_buffer_is_another_network(images: Images, tmp_path: Path) -> None:
    """Weights that were fine-tuned never come back under the frozen ones' key."""
    first = networks.build("test_resnet", 32)
    features_of(first, tmp_path).of("train", images)
    first.network.state_dict()["bn1.running_mean"][0] += 1
    other = features_of(first, tmp_path)
    other.of("train", images)
    assert other.extractions == 1


def test_extraction_hangs_on_no_state_of_the_process(backbone: Backbone, images: Images, tmp_path: Path) -> None:
    """Other seeds, a network in training mode, another split before: the same bits."""
    torch.manual_seed(1)
    first = features_of(backbone, tmp_path / "one").of("train", images)
    torch.manual_seed(2)
    backbone.network.train()
    after_another = features_of(backbone, tmp_path / "two")
    after_another.of("test", images[:40])
    assert after_another.of("train", images).numpy().tobytes() == first.numpy().tobytes()


def test_cost_is_told_cold_and_as_paid(backbone: Backbone, images: Images, tmp_path: Path) -> None:
    """Whoever finds the features still knows what they cost, for all images or for some."""
    first, second = features_of(backbone, tmp_path), features_of(backbone, tmp_path)
    assert first.rate() is None
    assert first.cpu_s_per_image() is None
    for features in (first, second):
        features.of("train", images)
        features.of("test", images[:40])
    seconds = {split: found["seconds"] for split, found in first.manifests.items()}
    whole = second.cold_s({"train": len(images), "test": 40})
    assert whole == pytest.approx(sum(seconds.values()))
    assert second.cold_s({"train": len(images) // 2}) == pytest.approx(
        seconds["train"] * (len(images) // 2) / len(images)
    )
    assert second.rate() == pytest.approx((len(images) + 40) / sum(seconds.values()))
    assert set(second.paid_s) == {"train", "test"}


def test_forward_in_batches_gives_every_row_once_and_no_graph() -> None:
    """In order, whatever the count."""
    for count in (1, BATCH, BATCH + 1, 3 * BATCH - 1):
        seen: list[tuple[int, int]] = []
        result = forward_all(
            torch.nn.Identity(),
            lambda index: torch.from_numpy(index).float(),
            count,
            "cpu",
            "fp32",
            lambda _, done, total: seen.append((done, total)),  # noqa: B023
        )
        assert result.tolist() == list(range(count))
        assert not result.requires_grad
        assert seen[-1] == (count, count)


def test_a_rate_is_told_only_where_it_was_measured_alone_and_here(
    backbone: Backbone, images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Features made beside other cells, or on another machine, serve as features but not as a measurement."""
    beside, alone = features_of(backbone, tmp_path / "beside", workers=2), features_of(backbone, tmp_path / "alone")
    for features in (beside, alone):
        features.of("train", images)
    assert beside.rate() is None
    assert alone.rate()
    served = features_of(backbone, tmp_path / "beside")
    served.of("train", images)
    assert (served.extractions, served.rate()) == (0, None)
    monkeypatch.setattr("bench.features.machine", lambda device: "another machine")
    assert alone.rate() is None


def test_outputs_that_are_not_finite_are_no_outputs() -> None:
    """A network whose last update broke it has no accuracy."""
    with pytest.raises(Diverged, match="not finite"):
        forward_all(torch.nn.Identity(), lambda index: torch.full((len(index), 2), torch.nan), 3, "cpu", "fp32")
