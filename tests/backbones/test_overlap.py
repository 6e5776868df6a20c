"""What is known of pre-training sets, by the names of weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import timm
from PIL import Image
from torchvision import models

from bench.backbones.overlap import (
    IMAGENET,
    KNOWN,
    LARGER_IMAGENET,
    LVD,
    WEB,
    Counted,
    Overlap,
    by_class_names,
    of_own,
    of_published,
    sets_of,
)
from bench.backbones.timm import TimmSource
from bench.backbones.torchvision import TorchvisionSource
from bench.catalog import DATASETS
from bench.cell.cell import run_cell
from bench.contracts.data import Places
from bench.probes.overlap import imagenet_names
from tests.material import tiny

NAMES = frozenset({"daisy", "tabby cat"})


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("a1_in1k", (IMAGENET,)),
        ("augreg_in21k_ft_in1k", (IMAGENET, LARGER_IMAGENET)),
        ("fb_in22k", (LARGER_IMAGENET,)),
        ("lvd142m", (LVD,)),
        ("laion2b", (WEB,)),
        ("openai_ft_in1k", (IMAGENET, WEB)),
        ("IMAGENET1K_V2", (IMAGENET,)),
        ("IMAGENET1K_SWAG_E2E_V1", (IMAGENET, WEB)),
        ("", ()),
    ],
)
def test_name_of_weights_tells_of_their_sets(tag: str, expected: tuple[str, ...]) -> None:
    assert sets_of(tag) == expected


def test_most_published_weights_tell_of_a_set() -> None:
    """Four in five of timm's tags, and all of torchvision's."""
    tags = {name.partition(".")[2] for name in timm.list_pretrained()} - {""}
    told = [tag for tag in tags if sets_of(tag)]
    assert len(told) > 0.8 * len(tags), sorted(tags - set(told))
    assert all(sets_of(models.get_model_weights(name)["DEFAULT"].name) for name in models.list_models(module=models))


def test_sources_name_the_weights_that_a_bare_name_stands_for() -> None:
    assert TimmSource().tag("resnet18") == "a1_in1k"
    assert TimmSource().tag("vit_base_patch16_224.augreg_in21k") == "augreg_in21k"
    assert TorchvisionSource().tag("torchvision:resnet50") == "IMAGENET1K_V2"
    assert TorchvisionSource().tag("torchvision:resnet50@IMAGENET1K_V1") == "IMAGENET1K_V1"


def test_facts_are_of_data_sets_of_the_catalogue() -> None:
    assert {dataset for _, dataset in KNOWN} <= set(DATASETS.names())


@pytest.mark.parametrize(
    ("tag", "dataset", "kind"),
    [
        ("a1_in1k", "cifar10", "classes"),
        ("augreg_in21k", "cifar10", "classes"),
        ("a1_in1k", "stl10", "images"),
        ("a1_in1k", "flowers102", None),
        ("augreg_in21k", "flowers102", "classes"),
        ("a1_in1k", "svhn", None),
        ("lvd142m", "pets", "classes"),
        ("laion2b", "svhn", "unknown"),
        ("laion2b_ft_in1k", "pets", "classes"),
        ("", "cifar10", None),
    ],
)
def test_overlap_of_published_weights(tag: str, dataset: str, kind: str | None) -> None:
    """By set and target; ImageNet-21k holds what ImageNet-1k does."""
    found = of_published(tag, dataset, ["a", "b"], NAMES)
    assert (found.kind if found else None) == kind
    assert found is None or found.reason.startswith("pre-trained on")


def test_classes_called_as_in_imagenet_are_told() -> None:
    """In any spelling; and folders named by ImageNet's own numbers hold its images."""
    found = of_published("a1_in1k", "image_folder", ["Tabby_Cat", "rose", "daisy"], NAMES)
    assert found is not None
    assert found.kind == "classes"
    assert "2 of 3 classes are called as there (Tabby_Cat, daisy)" in found.reason
    imagenette = by_class_names(["n01440764", "n02102040"], NAMES)
    assert imagenette is not None
    assert imagenette.kind == "images"
    assert by_class_names(["0", "1"], imagenet_names()) is None


def test_names_of_imagenet_are_those_of_its_classes() -> None:
    assert {"daisy", "tabby cat", "siamese", "tench"} <= imagenet_names()
    assert len(imagenet_names()) > 1000


def test_own_weights_have_seen_what_they_were_trained_on() -> None:
    """With the labels, or without."""
    blind = of_own(Counted(1438, 1438), Counted(0, 359), labelled=False)
    told = of_own(Counted(0, 1438), Counted(2, 359), labelled=True)
    assert blind == Overlap(
        "images", "pre-trained on 1,438 of 1,438 training images and 0 of 359 test images, without their labels"
    )
    assert told is not None
    assert "2 of 359 test images, with their labels" in told.reason
    assert of_own(Counted(0, 1438), Counted(0, 359), labelled=True) is None


def probed(weights: str, folder: Path, places: Places) -> Mapping[str, Any]:
    cell = tiny.one_cell(folder, f"grid.weights=[{weights!r}]")
    return run_cell(tiny.job_of(cell, places), tiny.ignore).fields


@pytest.mark.slow
def test_pre_training_on_the_target_is_noticed_and_never_on_its_test_images(places: Places, tmp_path: Path) -> None:
    """By the images themselves, wherever they come from."""
    own = probed("tests.material.own_pretraining:Quick@digits", tmp_path, places)
    assert own["overlap"] == "images"
    assert own["overlap_reason"].startswith("pre-trained on 200 of 200 training images and 0 of 200 test images")
    assert own["n_test_pretrained"] == 0
    other = probed("tests.material.own_pretraining:Quick@glyphs", tmp_path, places)
    assert (other["overlap"], other["overlap_reason"], other["n_test_pretrained"]) == (None, None, 0)


def test_folder_that_holds_the_test_images_is_noticed(places: Places, tmp_path: Path) -> None:
    """Images to pre-train on that somebody gathered: among them three of the target's test images."""
    pixels = tiny.job_of(tiny.one_cell(tmp_path), places).data.split("test").images
    for number in range(10):
        image = pixels[number] if number < 3 else 255 - pixels[number]
        (tmp_path / "gathered").mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / "gathered" / f"{number}.png")
    found = probed(f"tests.material.own_pretraining:Quick@image_folder:{tmp_path / 'gathered'}", tmp_path, places)
    assert (found["overlap"], found["n_test_pretrained"]) == ("images", 3)


def test_random_weights_have_seen_nothing(places: Places, tmp_path: Path) -> None:
    """But the data's own duplicates are counted all the same."""
    fields = probed("random", tmp_path, places)
    assert (fields["overlap"], fields["n_test_pretrained"]) == (None, None)
    assert fields["duplicates"] == {"exact": 0, "near": 0, "of": 200, "examples": {"exact": [], "near": []}}
