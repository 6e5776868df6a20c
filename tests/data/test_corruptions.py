"""Corrupted test images: the same ones whoever reads them, worse with each level; and the probe that looks at them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.catalog import METHODS
from bench.cell.cell import run_cell
from bench.contracts.data import Places
from bench.data.corruptions import CORRUPTIONS, LEVELS, CorruptedImages
from bench.data.decode import decode
from bench.data.digits import Digits
from bench.data.transforms import Geometry
from bench.probes import corruptions
from bench.running.resume import is_done, present
from tests.material import tiny

NAMES = list(CORRUPTIONS)


@pytest.fixture(scope="module")
def images(places: Places) -> np.ndarray:
    """Twenty digits, 32 pixels wide."""
    raw = Digits().load(places)
    return (
        decode(raw, "corrupted", Geometry(32, None, "bilinear"), places.cache_dir, tiny.ignore)
        .split("test")
        .images[:20]
    )


def worse(images: np.ndarray, name: str, level: int, start: int = 0) -> CorruptedImages:
    return CorruptedImages(images, [str(start + i) for i in range(len(images))], name, level)


@pytest.mark.parametrize("name", NAMES)
def test_image_is_the_same_whatever_it_is_read_with(images: np.ndarray, name: str) -> None:
    """In a batch, alone, in another order, and by a slice."""
    corrupted = worse(images, name, 3)
    everything = corrupted[np.arange(20)]
    assert corrupted.shape == everything.shape == (20, 32, 32, 3)
    assert everything.dtype == np.uint8
    assert len(corrupted) == 20
    assert np.array_equal(corrupted[np.array([7])], everything[7:8])
    assert np.array_equal(corrupted[np.array([11, 2])], everything[[11, 2]])
    assert np.array_equal(corrupted[5:9], everything[5:9])


@pytest.mark.parametrize("name", NAMES)
def test_each_level_lies_farther_from_the_image(images: np.ndarray, name: str) -> None:
    distances = [np.abs(worse(images, name, level)[:].astype(float) - images).mean() for level in LEVELS]
    assert distances[0] > 0
    assert distances == sorted(distances)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [8, 32, 96, 224, 320])
def test_strengths_go_from_those_of_small_images_to_those_of_large_ones(name: str, side: int) -> None:
    """And stay beyond them."""
    corruption = CORRUPTIONS[name]
    for level in LEVELS:
        low, high = sorted((corruption.small[level - 1], corruption.large[level - 1]))
        value = corruption.value(level, side)
        assert low <= value <= high
        assert side > 32 or value == corruption.small[level - 1]
        assert side < 224 or value == pytest.approx(corruption.large[level - 1])


def test_noise_hangs_on_the_name_and_the_level(images: np.ndarray) -> None:
    one, other = worse(images[:1], "gaussian_noise", 3), worse(images[:1], "gaussian_noise", 3, start=1)
    assert not np.array_equal(one[:], other[:])
    grey = np.full((1, 64, 64, 3), 128, np.uint8)
    noise = worse(grey, "gaussian_noise", 5)[:] - 128.0
    assert noise.std() == pytest.approx(255 * CORRUPTIONS["gaussian_noise"].value(5, 64), rel=0.05)
    assert abs(noise.mean()) < 1


def test_low_contrast_keeps_the_mean_colour(images: np.ndarray) -> None:
    faint = worse(images, "contrast", 5)[:]
    assert np.allclose(faint.mean((1, 2)), images.mean((1, 2)), atol=0.6)
    assert np.allclose(faint.std((1, 2)), 0.15 * images.std((1, 2)), atol=0.6)


def run_one(folder: Path, places: Places, *overrides: str) -> Mapping[str, Any]:
    cell = tiny.one_cell(folder, *overrides)
    return run_cell(tiny.job_of(cell, places), tiny.ignore).fields


ASKED = "probes=[corruptions]"
KINDS = {
    "linear_probe": [],
    "finetune": [],
    "partial_finetune": ["grid.method=[{name: partial_finetune, prefix: cached}]"],
    "knn": [],
    "bn_adapt": [],
}


@pytest.mark.slow
@pytest.mark.parametrize("method", KINDS)
def test_probe_changes_no_other_number(method: str, places: Places, tmp_path: Path) -> None:
    """Features of its own account, one opening of the test set, no second of the cell's."""
    overrides = KINDS[method] or [f"grid.method={method}"]
    plain, asked = run_one(tmp_path, places, *overrides), run_one(tmp_path, places, *overrides, ASKED)
    own = {"corruption_accuracy", "corruption_clean_accuracy", "n_corrupted", "corruptions_s"}
    assert set(asked) - set(plain) == own
    timed = {*tiny.TIMED, *own}
    assert {key: value for key, value in plain.items() if key not in timed} == {
        key: value for key, value in asked.items() if key not in timed
    }
    assert asked["audit"]["test_opened_once"]
    found = asked["corruption_accuracy"]
    assert {name: len(levels) for name, levels in found.items()} == dict.fromkeys(NAMES, 5)
    assert all(0 <= value <= 1 for levels in found.values() for value in levels)
    assert asked["n_corrupted"] == tiny.LIMIT
    assert asked["corruption_clean_accuracy"] == asked["accuracy"]
    assert asked["corruptions_s"] > 0


@pytest.mark.slow
def test_nothing_corrupted_is_the_clean_accuracy(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a head on features, a network and adaptation at test time: all answer as in the evaluation."""
    monkeypatch.setattr(CorruptedImages, "__getitem__", lambda self, wanted: np.asarray(self._images[wanted]))
    monkeypatch.setattr(corruptions, "RECIPE", "none at all")
    for method in ("linear_probe", "finetune", "bn_adapt"):
        fields = run_one(tmp_path, places, f"grid.method={method}", ASKED)
        assert {value for levels in fields["corruption_accuracy"].values() for value in levels} == {fields["accuracy"]}


def test_images_are_as_many_as_are_worth_it(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From all classes alike."""
    monkeypatch.setattr(corruptions, "MOST_IMAGES", 30)
    assert run_one(tmp_path, places, ASKED)["n_corrupted"] == 30


def test_time_limit_is_kept_before_the_corruptions(places: Places, tmp_path: Path) -> None:
    """The cell keeps its number."""
    fields = run_one(tmp_path, places, ASKED, "timeout_s=1")
    assert fields["accuracy"] is not None
    assert "corruption_accuracy" not in fields
    assert "timeout_s" in fields["corruptions_reason"]


@pytest.mark.slow
def test_record_without_the_probe_is_made_again_where_it_is_asked_for(places: Places, tmp_path: Path) -> None:
    """Its identity is the same; one that has it will do for both."""
    plain, asked = tiny.one_cell(tmp_path), tiny.one_cell(tmp_path, ASKED)
    assert plain.cell_id == asked.cell_id
    tiny.run_cells([plain], tmp_path / "out", places)
    first = tiny.records_of(tmp_path / "out")[plain.cell_id]
    assert (first.probes, first.corruption_accuracy) == ([], None)
    assert is_done(plain, first, present(places))
    assert not is_done(asked, first, present(places))
    assert tiny.run_cells([asked], tmp_path / "out", places).ran == 1
    second = tiny.records_of(tmp_path / "out")[plain.cell_id]
    assert second.probes == ["corruptions"]
    assert second.corruption_accuracy is not None
    assert second.accuracy == first.accuracy
    assert tiny.run_cells([plain, asked], tmp_path / "out", places).ran == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in METHODS.names() if name != "co_tuning"])
def test_every_method_answers_corrupted_images(
    name: str, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it does to the network; co-tuning, which wants weights with a classifier, does what fine-tuning does."""
    pytest.importorskip(METHODS.entry(name).extra or "torch")
    monkeypatch.setattr(corruptions, "MOST_IMAGES", 12)
    backbone = "test_vit" if name in ("visual_prompt", "lora", "dora", "ia3") else "test_resnet"
    overrides = [f"grid.method={name}", f"grid.backbone={backbone}", "grid.source=glyphs", "image_size=16"]
    fields = run_one(tmp_path, places, *overrides, ASKED)
    assert set(fields["corruption_accuracy"]) == set(NAMES)
    assert fields["n_corrupted"] == 12
