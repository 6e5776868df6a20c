"""Looks up what a suite names: data sets and methods with their parameters, backbones, weights."""

import dataclasses
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bench.backbones.sources import is_checkpoint, source_of
from bench.backbones.weights_name import parse_own
from bench.catalog import DATASETS, KNOWN_BACKBONES, METHODS, PRETRAINING
from bench.contracts.data import Places
from bench.contracts.kinds import COSTS
from bench.errors import BenchError
from bench.modules import guarded
from bench.registry import Registry, unknown
from bench.schema import Choice, Training, content_hash
from bench.suites.grammar import TrainModel, cure

TRAINING_KEYS = frozenset(field.name for field in dataclasses.fields(Training))


def check_choice(registry: Registry, choice: Choice) -> None:
    """Refuse an unknown name, what is none of its kind, an unknown parameter, and a value out of range."""
    known = _parameters(registry, choice)
    own, training = _sorted_out(registry, choice)
    strange = next((key for key in own if key not in known), None)
    if strange is not None:
        raise BenchError(f"{choice.name}: {unknown('parameter', strange, known | _training_keys(registry))}")
    if twofold := sorted(known & training.keys()):
        raise BenchError(f"{choice.name}: {twofold[0]} is a training key and a parameter of it; rename its parameter")
    try:
        made = make(registry, choice)
        TrainModel.model_validate(training)
    except ValidationError as error:
        mistake = error.errors()[0]
        key = ".".join(str(part) for part in mistake["loc"])
        raise BenchError(f"{choice.name}: {key}: {cure(mistake, tuple(mistake['loc']))}") from None
    if training.get("steps") is not None and training.get("epochs") is not None:
        raise BenchError(f"{choice.name}: epochs stands beside steps; write one of them")
    if registry is METHODS and registry.entry(choice.name).fault is not None:
        guarded(choice.name, lambda: _check_own(choice.name, made))


def _check_own(name: str, method: Any) -> None:
    """Refuse what of a user's own method would end a plan: defaults that are no recipe, settings that are no JSON."""
    strange = next((key for key in method.defaults if key not in TRAINING_KEYS), None)
    if strange is not None:
        raise BenchError(f"{name}: its defaults: {unknown('training key', str(strange), TRAINING_KEYS)}")
    try:
        TrainModel.model_validate(dict(method.defaults))
    except ValidationError as error:
        mistake = error.errors()[0]
        key = ".".join(str(part) for part in mistake["loc"])
        raise BenchError(f"{name}: its defaults: {key}: {cure(mistake, tuple(mistake['loc']))}") from None
    if not isinstance(method.uses_weights, bool) or method.cost not in COSTS:
        raise BenchError(f"{name}: its uses_weights must be true or false, its cost one of {', '.join(COSTS)}")
    try:
        content_hash(dataclasses.asdict(method))
    except (TypeError, ValueError) as error:
        raise BenchError(f"{name}: its parameters can't be recorded ({error}); take numbers, texts, lists") from None


def _parameters(registry: Registry, choice: Choice) -> set[str]:
    """Return what the class of a choice takes, but for what its catalogue line fixes."""
    entry = registry.entry(choice.name)
    return {field.name for field in dataclasses.fields(entry.load())} - entry.params.keys()


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
    written = {**entry.params, **named, **own}
    if entry.fault is None:
        return TypeAdapter(cls).validate_python(written)
    return guarded(choice.name, lambda: TypeAdapter(cls).validate_python(written), passed=(ValidationError,))


def fingerprint_of(dataset: Choice, places: Places) -> str | None:
    """Return the hash of a data set's contents; null where it isn't there yet."""
    made = make(DATASETS, dataset)
    if DATASETS.entry(dataset.name).fault is None:
        found: str | None = made.fingerprint(places)
        return found
    asked = guarded(dataset.label, lambda: made.fingerprint(places))
    if not (asked is None or isinstance(asked, str)):
        raise BenchError(f"{dataset.label}: its fingerprint is a {type(asked).__name__}; return a text, or null")
    return asked


def check_backbone(name: str) -> None:
    """Refuse a backbone that no source has; timm is asked only for a name that no catalogue holds."""
    if name in KNOWN_BACKBONES:
        return
    source = source_of(name)
    if not guarded(name, lambda: name in source.names(name)):
        raise BenchError(guarded(name, lambda: unknown("backbone", name, source.names("*"))))


def check_weights(name: str) -> None:
    """Refuse weights that are no keyword, no file and no `<objective>@<source>[+<source>...]`."""
    if name in ("pretrained", "random") or is_checkpoint(name):
        return
    if "@" not in name:
        known = ["pretrained", "random", *(f"{objective}@glyphs" for objective in PRETRAINING.names())]
        raise BenchError(f"{unknown('weights', name, known)} (a file ends in .safetensors or .pth)")
    own = parse_own(name)
    _check_objective(name, own.objective)
    for source in own.sources:
        _check_source(name, source.dataset)


def _check_objective(weights: str, objective: str) -> None:
    """Refuse an unknown way of pre-training; of a user's own one also a recipe that is no JSON, since it is hashed."""
    entry = PRETRAINING.entry(objective)
    if entry.fault is None:
        entry.load()
        return
    made = entry.call()
    guarded(f"weights {weights}: the recipe of {objective}", lambda: content_hash(dataclasses.asdict(made)))


def _check_source(weights: str, dataset: str) -> None:
    known, colon, folder = dataset.partition(":")
    # digits:photos is a folder in the wrong place; any other name with a colon is the user's own package.module:Class
    if colon and known in DATASETS.names():
        raise BenchError(f"weights {weights!r}: {known} lies in no folder of its own; leave out :{folder}")
    check_choice(DATASETS, Choice(dataset))
