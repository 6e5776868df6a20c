"""What is known of pre-training sets, by the names of weights."""

import pytest
import timm
from torchvision import models

from bench.backbones.timm import TimmSource
from bench.backbones.torchvision import TorchvisionSource
from bench.catalog import DATASETS
from bench.overlap import IMAGENET, KNOWN, LARGER_IMAGENET, LVD, WEB, by_class_names, of_own, of_published, sets_of
from bench.probes.overlap import imagenet_names

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
        ("lvd142m", "pets", "images"),
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


def test_own_weights_have_seen_their_sources() -> None:
    """With their labels, or without."""
    blind, told = of_own("simclr@glyphs+digits", "digits", False), of_own("supervised@digits", "digits", True)
    assert blind is not None
    assert told is not None
    assert (blind.kind, told.kind) == ("images", "images")
    assert "without their labels" in blind.reason
    assert "no budget allows" in told.reason
    assert of_own("simclr@glyphs", "digits", False) is None
