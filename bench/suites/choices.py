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
    cls = registry.entry(choice.name).load()
    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
        raise BenchError(
            f"{choice.name}: is no dataclass; see docs/extending.md for what a {registry.kind[:-1]} offers"
        )
    own = {key: value for key, value in choice.params.items() if registry is not METHODS or key not in TRAINING_KEYS}
    training = {key: value for key, value in choice.params.items() if key not in own}
    names = [field.name for field in dataclasses.fields(cls) if field.name not in registry.entry(choice.name).params]
    for key in own:
        if key not in names:
            known = [*names, *(sorted(TRAINING_KEYS) if registry is METHODS else [])]
            raise BenchError(f"{choice.name}: {unknown('parameter', key, known)}")
    try:
        TypeAdapter(cls).validate_python({**registry.entry(choice.name).params, **_named(registry, choice), **own})
        TrainModel.model_validate(training)
        if training.get("steps") is not None and training.get("epochs") is not None:
            raise BenchError(f"{choice.name}: epochs stands beside steps; write one of them")
    except ValidationError as error:
        mistake = error.errors()[0]
        key = ".".join(str(part) for part in mistake["loc"])
        raise BenchError(f"{choice.name}: {key}: {cure(mistake, tuple(mistake['loc']))}") from None


def _named(registry: Registry, choice: Choice) -> dict[str, Any]:
    """A data set that shares its class with others is told its catalogue name."""
    cls = registry.entry(choice.name).load()
    return {"name": choice.name} if any(field.name == "name" for field in dataclasses.fields(cls)) else {}


def make(registry: Registry, choice: Choice) -> Any:
    """Return the object that a catalogue name with its parameters stands for."""
    cls = registry.entry(choice.name).load()
    own = {key: value for key, value in choice.params.items() if registry is not METHODS or key not in TRAINING_KEYS}
    return TypeAdapter(cls).validate_python({**registry.entry(choice.name).params, **_named(registry, choice), **own})


def check_backbone(name: str) -> None:
    """Refuse a backbone that no source has; timm is asked only for a name that no catalogue holds."""
    prefix, colon, _ = name.partition(":")
    if colon:
        BACKBONE_SOURCES.entry(prefix)
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
        known_name, colon, folder = source.dataset.partition(":")
        if colon and known_name in DATASETS.names():
            raise BenchError(f"weights {name!r}: {known_name} lies in no folder of its own; leave out :{folder}")
        check_choice(DATASETS, Choice(source.dataset))
