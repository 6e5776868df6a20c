"""The project's own weights: what decides them, where their images come from, how they are kept."""

import dataclasses
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from bench.backbones.sources import source_of
from bench.contracts.data import Places
from bench.contracts.networks import WeightsFile
from bench.data.joined import Joined
from bench.errors import InvalidData, Unavailable
from bench.pretraining import loop
from bench.pretraining.contract import PretrainingTask
from bench.pretraining.pretrained import OwnRequest, own_weights, train_own
from bench.running.resume import is_done, present
from tests.material import tiny
from tests.material.examples import save_class_folders, save_image
from tests.material.own_pretraining import Quick, QuickLabels

QUICK, LABELS = "tests.material.own_pretraining:Quick", "tests.material.own_pretraining:QuickLabels"


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    Quick.seen.clear()
    QuickLabels.seen.clear()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Class folders below `train/` and `test/`, at a path with a blank and a plus."""
    folder = tmp_path / "my photos+more"
    save_class_folders(folder / "train", {"cat": 12, "dog": 8})
    save_class_folders(folder / "test", {"cat": 2, "dog": 2})
    return folder


def written(folder: Path) -> str:
    """A folder as a name of weights has it."""
    return "image_folder:" + str(folder).replace("+", "++")


def request(weights: str, places: Places) -> OwnRequest:
    return OwnRequest("test_resnet", weights, 32, "cpu", places)


def train(weights: str, places: Places) -> WeightsFile:
    return train_own(request(weights, places), tiny.ignore)


def test_weights_are_trained_once_and_kept_by_content(photos: Path, cold_places: Places) -> None:
    """The same bits wherever the folder lies; another image is another training."""
    name = f"{QUICK}@{written(photos)}"
    first, second = train(name, cold_places), train(name, cold_places)
    assert first == second
    moved = shutil.copytree(photos, photos.parent / "elsewhere")
    there = train(f"{QUICK}@{written(moved)}", cold_places)
    assert (there.path, there.fingerprint) == (first.path, first.fingerprint)
    assert len(Quick.seen) == 1
    save_image(moved / "train" / "cat" / "new.png", shade=77)
    assert train(f"{QUICK}@{written(moved)}", cold_places).fingerprint != first.fingerprint
    assert len(Quick.seen) == 2


def test_weights_load_into_their_backbone_and_losses_lie_beside_them(photos: Path, cold_places: Places) -> None:
    """Hidden files of the training are gone."""
    made = train(f"{QUICK}@{written(photos)}", cold_places)
    assert made.path is not None
    backbone = source_of("test_resnet").build("test_resnet", made.path, 32)
    trained = Quick.seen[0].backbone.network.state_dict()
    assert all(torch.equal(value, trained[name]) for name, value in backbone.network.state_dict().items())
    assert len(json.loads((made.path.parent / "losses.json").read_text())) == Quick.steps
    assert not list(made.path.parent.glob(".*"))
    assert "first_loss" in made.source
    assert "last_loss" in made.source


def test_killed_training_goes_on_in_the_cache(
    photos: Path, cold_places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And gives the weights of one that was not."""
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "SAVING_SHARE", math.inf)
    name = f"{QUICK}@{written(photos)}"
    straight = train(name, Places(None, None, tmp_path / "other cache"))
    told: list[int] = []

    def kill(what: str, done: int, total: int) -> None:
        if what.startswith("pre-training"):
            told.append(done)
            if told == [1, 2]:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_own(request(name, cold_places), kill)
    found = train_own(request(name, cold_places), kill)
    assert told == [1, 2, 3, 4]
    assert found.sha256 == straight.sha256


def test_training_images_alone_are_seen(photos: Path, cold_places: Places) -> None:
    """Never the test split: a held-out fifth where the folder has none."""
    train(f"{QUICK}@{written(photos)}", cold_places)
    train(f"{QUICK}@{written(photos / 'train')}", cold_places)
    train(f"{QUICK}@digits", cold_places)
    assert [len(task.images) for task in Quick.seen] == [20, 16, 1438]
    assert all(task.labels is None for task in Quick.seen)


def test_several_sources_are_joined_and_their_classes_counted_apart(photos: Path, places: Places) -> None:
    """Images of all, one after another; ten digits, then two kinds of photographs."""
    train(f"{LABELS}@digits+{written(photos)}", places)
    (task,) = QuickLabels.seen
    assert task.labels is not None
    assert task.images.shape == (1458, 32, 32, 3)
    assert set(task.labels[:1438]) == set(range(10))
    assert task.labels[1438:].tolist() == [10] * 12 + [11] * 8
    assert set(task.images[1438:][:, 0, 0, 0].tolist()) == {3 * n for n in range(12)} | {40 + 3 * n for n in range(8)}


def test_joined_images_are_those_of_their_arrays() -> None:
    """In any order."""
    one, other = (np.random.default_rng(seed).integers(0, 255, (n, 4, 4, 3), np.uint8) for seed, n in ((0, 5), (1, 3)))
    joined, whole = Joined([one, other]), np.concatenate([one, other])
    index = np.array([7, 0, 4, 5, 5, 2])
    assert joined.shape == whole.shape
    assert np.array_equal(joined[index], whole[index])
    assert np.array_equal(joined[3:], whole[3:])


def test_classifier_is_kept_with_the_weights_of_supervised_training(photos: Path, cold_places: Places) -> None:
    """By the names that published files have; the backbone loads without it."""
    made = train(f"{LABELS}@{written(photos)}", cold_places)
    assert made.path is not None
    kept = load_file(made.path)
    backbone = source_of("test_resnet").build("test_resnet", made.path, 32)
    assert kept["head.weight"].shape == (2, backbone.width)
    assert kept["head.bias"].shape == (2,)


@pytest.mark.parametrize("backbone", ["test_resnet", "sequence:gru-8x2"])
def test_classifier_comes_back_with_the_backbone(backbone: str, photos: Path, cold_places: Places) -> None:
    """Bit for bit, for networks of any source."""
    made = train_own(OwnRequest(backbone, f"{LABELS}@{written(photos)}", 32, "cpu", cold_places), tiny.ignore)
    assert made.path is not None
    head = source_of(backbone).build(backbone, made.path, 32).source_head
    assert head is not None
    assert torch.equal(head.weight, load_file(made.path)["head.weight"])


@pytest.mark.parametrize("inside", [".", "train"])
def test_images_without_classes_will_do_where_no_label_is_read(
    tmp_path: Path, cold_places: Places, inside: str
) -> None:
    """Right in the folder or in folders below; an objective that reads labels refuses them."""
    folder = tmp_path / "unsorted"
    for number in range(6):
        save_image(folder / inside / f"{number}.png", shade=20 * number)
        save_image(folder / inside / "deep" / f"{number}.png", shade=150 + number)
    if inside == "train":
        save_image(folder / "test" / "never.png")
    train(f"{QUICK}@{written(folder)}", cold_places)
    assert len(Quick.seen[0].images) == 12
    train(f"{QUICK}@image_folder", dataclasses.replace(cold_places, data_dir=folder))
    assert len(Quick.seen) == 1, "the same contents through DATA_DIR"
    with pytest.raises(InvalidData, match="class"):
        train(f"{LABELS}@{written(folder)}", cold_places)


def test_a_folder_that_is_not_there_or_empty_is_named(tmp_path: Path, cold_places: Places) -> None:
    """With what to do."""
    with pytest.raises(Unavailable, match="image_folder:/nowhere: no such folder; correct the path"):
        train(f"{QUICK}@image_folder:/nowhere", cold_places)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidData, match="empty: no images"):
        train(f"{QUICK}@{written(tmp_path / 'empty')}", cold_places)
    with pytest.raises(Unavailable, match="--data-dir"):
        train(f"{QUICK}@image_folder", cold_places)
    save_image(tmp_path / "empty" / "only.png")
    with pytest.raises(InvalidData, match="one image only"):
        train(f"{QUICK}@{written(tmp_path / 'empty')}", cold_places)


def test_what_decides_the_weights_is_in_their_key(photos: Path, cold_places: Places) -> None:
    """Objective and its settings, sources and their order, backbone, image size."""
    names = [
        "masked@digits",
        "simclr@digits",
        f"simclr@digits+{written(photos)}",
        f"simclr@{written(photos)}+digits",
        f"{QUICK}@digits",
    ]
    found = {(name, "test_resnet", 32) for name in names} | {("simclr@digits", "test_vit", 32)}
    found |= {("simclr@digits", "test_resnet", 48)}
    kept = [own_weights(backbone, name, size, cold_places) for name, backbone, size in found]
    assert all(each is not None and each.path is None for each in kept)
    assert len({each.fingerprint for each in kept if each is not None}) == len(found)


def test_source_that_is_gone_refutes_no_result(photos: Path, cold_places: Places, tmp_path: Path) -> None:
    """A record stays what it is while nobody can look the images up."""
    from tests.material.examples import a_record

    name = f"{QUICK}@{written(photos)}"
    cell = tiny.one_cell(tmp_path, f"grid.weights=['{name}']")
    made = train(name, cold_places)
    record = a_record(cell, weights_fingerprint=made.fingerprint, weights_sha256=made.sha256)
    data = present(cold_places).data(cell.dataset)
    record = dataclasses.replace(record, dataset_fingerprint=data)
    assert is_done(cell, record, present(cold_places))
    shutil.rmtree(photos)
    assert is_done(cell, record, present(cold_places))
    save_class_folders(photos, {"cat": 5, "dog": 5})
    assert not is_done(cell, record, present(cold_places))


def test_cell_runs_with_own_weights(photos: Path, places: Places, tmp_path: Path) -> None:
    """As a suite names them."""
    cell = tiny.one_cell(tmp_path, f"grid.weights=['{QUICK}@{written(photos)}']")
    tiny.run_cells([cell], tmp_path / "out", places)
    (record,) = tiny.records_of(tmp_path / "out").values()
    assert record.status == "ok"


def test_task_tells_the_folder_that_outlives_a_kill(photos: Path, cold_places: Places) -> None:
    """It lies in the cache, unfinished."""
    train(f"{QUICK}@{written(photos)}", cold_places)
    task: PretrainingTask = Quick.seen[0]
    assert task.folder.parent == cold_places.cache_dir / "weights"
    assert task.folder.name.endswith(".part")


def test_sources_behind_links_are_told_apart(tmp_path: Path, cold_places: Places) -> None:
    """Each is trained on, though the names of their files are the same; what was left out is said."""
    prints = []
    for name in ("one", "two"):
        for number in range(4):
            save_image(tmp_path / f"store {name}" / f"{number}.png", shade=number + 50 * len(prints))
        (tmp_path / name).mkdir()
        (tmp_path / name / "train").symlink_to(tmp_path / f"store {name}")
        (tmp_path / f"store {name}" / "phone.heic").touch()
        made = train(f"{QUICK}@{written(tmp_path / name)}", cold_places)
        prints.append(made.fingerprint)
        assert made.source.endswith("left out, of a kind that is not read here: 1 (train/phone.heic)")
    assert len(Quick.seen) == len(set(prints)) == 2
