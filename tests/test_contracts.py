"""What every entry of every catalogue must offer; and that naming one costs nothing."""

import dataclasses
import inspect
import re
import subprocess
import sys
from typing import Any

import pytest

from bench.catalog import (
    ANSWERS,
    BACKBONE_SOURCES,
    DATASETS,
    EXECUTORS,
    METHODS,
    PRETRAINING,
    PROBES,
    PROFILES,
    REPORTS,
    SCORES,
    SECTIONS,
    SELECTIONS,
    WORKLOADS,
)
from bench.contracts.data import Places
from bench.registry import Registry
from bench.schema import Choice, Training
from bench.suites.choices import make
from bench.suites.plan import COST_ORDER

REGISTRIES = (
    DATASETS,
    BACKBONE_SOURCES,
    PRETRAINING,
    METHODS,
    PROBES,
    PROFILES,
    SCORES,
    SELECTIONS,
    EXECUTORS,
    ANSWERS,
    SECTIONS,
    REPORTS,
    WORKLOADS,
)
ENTRIES = [(registry, name) for registry in REGISTRIES for name in registry.names()]


@pytest.mark.parametrize(("registry", "name"), ENTRIES, ids=[f"{kind.kind}-{name}" for kind, name in ENTRIES])
def test_entry_can_be_imported_and_is_documented(registry: Registry, name: str) -> None:
    """It has a description, and what it stands for a docstring of its own."""
    entry = registry.entry(name)
    loaded: Any = entry.load()
    assert entry.description
    assert loaded.__doc__
    if dataclasses.is_dataclass(loaded):
        assert not loaded.__doc__.startswith(f"{loaded.__name__}("), "the docstring is the generated one"


@pytest.mark.parametrize("name", METHODS.names())
def test_method_says_what_it_needs(name: str) -> None:
    """Frozen, with defaults that are training keys, with a source in its docstring where it has rates."""
    method = METHODS.entry(name).load()
    assert dataclasses.is_dataclass(method)
    assert method.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert set(method.defaults) <= {field.name for field in dataclasses.fields(Training)}
    Training(**method.defaults)
    assert isinstance(method.uses_weights, bool)
    assert method.cost in COST_ORDER
    assert not set(method.defaults) & {field.name for field in dataclasses.fields(method)}
    assert isinstance(make(METHODS, Choice(name)), method)
    assert re.search(r"\b(19|20)\d\d\b", method.__doc__ or ""), "no paper is named"


@pytest.mark.parametrize("name", PRETRAINING.names())
def test_pretraining_says_what_it_needs(name: str) -> None:
    """Frozen, its recipe numbered, with a source in its docstring."""
    objective = PRETRAINING.entry(name).load()
    assert dataclasses.is_dataclass(objective)
    assert objective.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert isinstance(objective.labelled, bool)
    assert dataclasses.asdict(objective())["recipe"] >= 1  # type: ignore[call-overload]
    assert list(inspect.signature(objective.train).parameters) == ["self", "task"]
    assert re.search(r"\b(19|20)\d\d\b", objective.__doc__ or ""), "no paper is named"


@pytest.mark.parametrize("name", DATASETS.names())
def test_dataset_tells_of_its_absence_without_a_download(name: str, cold_places: Places) -> None:
    """Its fingerprint is null where nothing is there, unless it is embedded."""
    dataset = make(DATASETS, Choice(name))
    assert dataclasses.is_dataclass(dataset)
    embedded = name in ("digits", "glyphs")
    assert (dataset.fingerprint(cold_places) is not None) == embedded
    assert callable(dataset.load)


@pytest.mark.parametrize("name", DATASETS.names())
def test_dataset_whose_class_torchvision_lacks_is_noticed(name: str) -> None:
    """The catalogue's arguments are those that the class takes."""
    from torchvision import datasets

    params = DATASETS.entry(name).params
    if "cls" not in params:
        assert not params
        return
    known = inspect.signature(getattr(datasets, params["cls"])).parameters
    made = make(DATASETS, Choice(name))
    for arguments in (*made.train, *made.test):
        assert set(arguments) <= set(known)
    assert "download" in known
    assert made.name == name


@pytest.mark.parametrize("name", EXECUTORS.names())
def test_executor_has_the_name_it_is_called_by(name: str) -> None:
    """And runs, and closes."""
    executor = EXECUTORS.entry(name).load()(1)
    assert (executor.name, executor.workers) == (name, 1)
    executor.close()


@pytest.mark.parametrize("name", BACKBONE_SOURCES.names())
def test_source_lists_finds_and_builds(name: str) -> None:
    """By the three functions of its contract."""
    source = BACKBONE_SOURCES.entry(name).load()()
    for function, parameters in (
        ("names", ["pattern"]),
        ("find", ["name", "places", "download"]),
        ("build", ["name", "checkpoint", "image_size"]),
    ):
        assert list(inspect.signature(getattr(source, function)).parameters) == parameters


def test_naming_what_a_suite_may_name_imports_no_torch() -> None:
    """A suite is checked in a fraction of a second: of methods by their classes, of probes by their names alone."""
    code = (
        "import sys\n"
        "from bench.catalog import DATASETS, METHODS, PRETRAINING\n"
        "from bench.suites.suite import read_suite, suite_path\n"
        "for registry in (DATASETS, METHODS, PRETRAINING):\n"
        "    for name in registry.names():\n"
        "        registry.entry(name).load()\n"
        "assert read_suite(suite_path('digits_small'), ['probes=[corruptions]']).probes == ('corruptions',)\n"
        "print([name for name in ('torch', 'torchvision', 'timm', 'sklearn', 'peft') if name in sys.modules])\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("registry", "name"),
    [(registry, name) for registry in (METHODS, SCORES, SELECTIONS, PRETRAINING) for name in registry.names()],
    ids=lambda each: each if isinstance(each, str) else each.kind,
)
def test_entry_names_its_source(registry: Registry, name: str) -> None:
    """A paper with its year; what is plain sampling has none."""
    if (registry.kind, name) in {("selections", "stratified"), ("selections", "random")}:
        return
    assert re.search(r"\b(19|20)\d\d\b", registry.entry(name).load().__doc__ or "")
