"""What a suite names is looked up: names, parameters and their ranges, backbones, weights."""

import dataclasses
from typing import Any

import pytest

from bench.catalog import DATASETS, METHODS
from bench.errors import BenchError
from bench.registry import Registry
from bench.schema import Choice, Training
from bench.suites.choices import TRAINING_KEYS, check_backbone, check_choice, check_weights, make


@pytest.mark.parametrize("key", sorted(TRAINING_KEYS))
def test_any_method_takes_a_training_key(key: str) -> None:
    """Also one that is solved: there it changes nothing."""
    value = getattr(Training(), key)
    check_choice(METHODS, Choice("linear_probe", {key: value}))
    check_choice(METHODS, Choice("finetune", {key: value}))


@pytest.mark.parametrize(
    ("registry", "choice", "said"),
    [
        (METHODS, Choice("knn", {"defaultk": 3}), "knn: unknown parameter 'defaultk'; did you mean default_k"),
        (
            METHODS,
            Choice("knn", {"learning_rte": 3}),
            "knn: unknown parameter 'learning_rte'; did you mean learning_rate",
        ),
        (METHODS, Choice("lora", {"rank": 0}), "lora: rank: must be at least 1"),
        (METHODS, Choice("lora", {"batch_size": 1}), "lora: batch_size: must be at least 2"),
        (METHODS, Choice("lora", {"steps": 1, "epochs": 1.0}), "lora: epochs stands beside steps; write one of them"),
        (DATASETS, Choice("glyphs", {"steps": 10}), "glyphs: unknown parameter 'steps'"),
        (DATASETS, Choice("glyphs", {"train_images": 61}), "glyphs: train_images: must be at least 62"),
        (DATASETS, Choice("mnist", {"cls": "SVHN"}), "mnist: unknown parameter 'cls'"),
        (DATASETS, Choice("numpy:ndarray"), "numpy:ndarray: is no dataclass; .* what a data set offers"),
        (METHODS, Choice("json:dumps"), "json:dumps: json is a module of Python's own"),
    ],
)
def test_a_choice_that_can_not_be_is_refused(registry: Registry, choice: Choice, said: str) -> None:
    """With what to write in its place."""
    with pytest.raises(BenchError, match=f"^{said}"):
        check_choice(registry, choice)


@pytest.mark.parametrize("params", [{}, {"rank": 3}, {"rank": 3, "steps": 7}])
def test_what_is_made_is_what_was_chosen(params: dict[str, Any]) -> None:
    """Defaults where nothing is written, and without the training keys."""
    made = dataclasses.asdict(make(METHODS, Choice("lora", params)))
    defaults = dataclasses.asdict(make(METHODS, Choice("lora")))
    assert made == {**defaults, **{key: value for key, value in params.items() if key != "steps"}}


@pytest.mark.parametrize("name", ["pretrained", "random", "supervised@glyphs", "my/own.safetensors", "own.pth"])
def test_weights_are_a_keyword_a_file_or_an_objective_on_a_data_set(name: str) -> None:
    check_weights(name)


def test_an_unknown_source_of_backbones_is_refused() -> None:
    with pytest.raises(BenchError, match="unknown backbone source 'torchvison'; did you mean torchvision"):
        check_backbone("torchvison:resnet18")


def test_a_data_set_that_shares_its_class_knows_its_name() -> None:
    assert make(DATASETS, Choice("cifar10")).name == "cifar10"
    assert make(DATASETS, Choice("cifar100")).cls == "CIFAR100"


def test_a_methods_training_keys_are_none_of_its_parameters() -> None:
    assert make(METHODS, Choice("partial_finetune", {"stages": 2, "steps": 5})).stages == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pretraind", "unknown weights 'pretraind'; did you mean pretrained"),
        ("supervised@", "weights 'supervised@': no source"),
        (
            "simclr@digits:photos",
            "weights 'simclr@digits:photos': digits lies in no folder of its own; leave out :photos",
        ),
        ("simclr@digits+digitz", "unknown dataset 'digitz'; did you mean digits"),
        ("simclear@digits", "unknown pretraining 'simclear'; did you mean simclr"),
    ],
)
def test_weights_that_can_not_be_are_refused(name: str, said: str) -> None:
    """Each source of them is looked up."""
    with pytest.raises(BenchError, match=said):
        check_weights(name)
