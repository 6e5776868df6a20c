"""Looks up what a suite names: data sets and methods with their parameters, backbones, weights."""

import dataclasses
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bench.backbones.sources import is_checkpoint, source_of
from bench.backbones.weights_name import parse_own
from bench.catalog import BACKBONE_SOURCES, DATASETS, KNOWN_BACKBONES, METHODS, PRETRAINING
from bench.errors import BenchError
from bench.registry import Registry, unknown
from bench.schema import Choice, Training
from bench.suites.grammar import TrainModel, cure

TRAINING_KEYS = frozenset(field.name for field in dataclasses.fields(Training))


def check_choice(registry: Registry, choice: Choice) -> None:
    """Refuse an unknown name, an unknown parameter, and a value out of range."""
    known = _parameters(registry, choice)
    own, training = _sorted_out(registry, choice)
    strange = next((key for key in own if key not in known), None)
    if strange is not None:
        raise BenchError(f"{choice.name}: {unknown('parameter', strange, known | _training_keys(registry))}")
    try:
        make(registry, choice)
        TrainModel.model_validate(training)
    except ValidationError as error:
        mistake = error.errors()[0]
        key = ".".join(str(part) for part in mistake["loc"])
        raise BenchError(f"{choice.name}: {key}: {cure(mistake, tuple(mistake['loc']))}") from None
    if training.get("steps") is not None and training.get("epochs") is not None:
        raise BenchError(f"{choice.name}: epochs stands beside steps; write one of them")


def _parameters(registry: Registry, choice: Choice) -> set[str]:
    """Return what the class of a choice takes, but for what its catalogue line fixes."""
    entry = registry.entry(choice.name)
    cls = entry.load()
    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
        raise BenchError(
            f"{choice.name}: is no dataclass; see docs/extending.md for what a {registry.kind[:-1]} offers"
        )
    return {field.name for field in dataclasses.fields(cls)} - entry.params.keys()


def _sorted_out(registry: Registry, choice: Choice) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters of a choice's own class, and the training keys, which any method may be given."""
    keys = _training_keys(registry)
    own = {key: value for key, value in choice.params.items() if key not in keys}
    return own, {key: value for key, value in choice.params.items() if key in keys}


def _training_keys(registry: Registry) -> frozenset[str]:
    return TRAINING_KEYS if registry is METHODS else frozenset()


def make(registry: Registry, choice: Choice) -> Any:
    """Return the object that a catalogue name with its parameters stands for."""
    entry = registry.entry(choice.name)
    cls = entry.load()
    own, _ = _sorted_out(registry, choice)
    # a class that several catalogue names share, as torchvision's data sets do, is told which of them it is
    named = {"name": choice.name} if any(field.name == "name" for field in dataclasses.fields(cls)) else {}
    return TypeAdapter(cls).validate_python({**entry.params, **named, **own})


def check_backbone(name: str) -> None:
    """Refuse a backbone that no source has; timm is asked only for a name that no catalogue holds."""
    prefix, colon, _ = name.partition(":")
    if colon:
        BACKBONE_SOURCES.entry(prefix)  # refuses an unknown prefix
    if name in KNOWN_BACKBONES:
        return
    source = source_of(name)
    if name not in source.names(name):
        raise BenchError(unknown("backbone", name, source.names("*")))


def check_weights(name: str) -> None:
    """Refuse weights that are no keyword, no file and no `<objective>@<source>[+<source>...]`."""
    if name in ("pretrained", "random") or is_checkpoint(name):
        return
    if "@" not in name:
        known = ["pretrained", "random", *(f"{objective}@glyphs" for objective in PRETRAINING.names())]
        raise BenchError(f"{unknown('weights', name, known)} (a file ends in .safetensors or .pth)")
    own = parse_own(name)
    PRETRAINING.entry(own.objective).load()
    for source in own.sources:
        _check_source(name, source.dataset)


def _check_source(weights: str, dataset: str) -> None:
    known, colon, folder = dataset.partition(":")
    # digits:photos is a folder in the wrong place; any other name with a colon is the user's own package.module:Class
    if colon and known in DATASETS.names():
        raise BenchError(f"weights {weights!r}: {known} lies in no folder of its own; leave out :{folder}")
    check_choice(DATASETS, Choice(dataset))
