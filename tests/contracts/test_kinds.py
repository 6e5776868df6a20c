"""What is no extension of its kind is told from what is one, and nothing of it is called."""

import abc
import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import pytest
import torch
import torchvision

from bench import catalog
from bench.contracts.kinds import COSTS, KINDS
from bench.registry import Registry
from bench.suites.plan import COST_ORDER

CATALOGUES = [value for value in vars(catalog).values() if isinstance(value, Registry)]


def fault(kind: str, found: Any, library: bool = False) -> str | None:
    return KINDS[kind].fault(found, lambda: library)


@dataclass(frozen=True)
class Whole:
    """A method."""

    strength: float = 1.0
    defaults: ClassVar[dict[str, Any]] = {"steps": 3}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"

    def __post_init__(self) -> None:
        raise AssertionError("it was made")

    def fit(self, task: Any) -> Any:
        raise AssertionError("it was called")


def changed(**changes: Any) -> type:
    """The method with other attributes."""
    return type("Changed", (Whole,), changes)


class Open:
    """No dataclass."""

    fit = Whole.fit


@dataclass
class Thawed:
    """A dataclass that can be changed."""

    fit = Whole.fit


class Abstract(abc.ABC):
    """A source that lacks a function."""

    @abc.abstractmethod
    def names(self, pattern: str) -> list[str]: ...


class Contract(Protocol):
    """A protocol."""

    def names(self, pattern: str) -> list[str]: ...


@pytest.mark.parametrize("registry", CATALOGUES, ids=lambda each: each.kind)
def test_every_entry_of_the_catalogue_fits_its_own_kind(registry: Registry) -> None:
    """Also by the strict rule for libraries. And what fits is not fitting any kind: no data set is a method."""
    for name in registry.names():
        assert fault(registry.kind, registry.entry(name).load(), library=True) is None, name


def test_a_users_own_fits_without_being_called() -> None:
    assert fault("methods", Whole) is None
    assert fault("methods", changed(fit=staticmethod(lambda task: None))) is None
    assert fault("methods", changed(fit=classmethod(lambda cls, task: None))) is None
    assert fault("methods", changed(fit=lambda self, task, more=1: None)) is None
    assert fault("methods", changed(uses_weights=property(lambda self: 1 / 0))) is None
    assert fault("selections", lambda p: p) is None
    assert fault("selections", functools.partial(lambda k, p: p, 3)) is None
    assert fault("selections", lambda pool: pool, library=True) is None


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Open, "is no dataclass"),
        (Thawed, "is no frozen dataclass"),
        (Whole.fit, "is no dataclass"),
        (dataclasses, "is no dataclass"),
        (changed(fit=3), "has no fit(task)"),
        (changed(fit=lambda self: None), "its fit can't be called with (task)"),
        (changed(fit=lambda self, task, more: None), "its fit can't be called with (task)"),
        (changed(fit=lambda self, *, task: None), "its fit can't be called with (task)"),
        (changed(defaults=["steps"]), "its defaults is no mapping of training keys"),
        (changed(uses_weights="yes"), "its uses_weights is no true or false"),
        (changed(cost="free"), "its cost is no one of features, partial, full"),
        (changed(cost=None), "has no cost: one of features, partial, full"),
    ],
)
def test_what_keeps_a_class_from_being_a_method_is_told(found: Any, said: str) -> None:
    """With the document that says what one offers."""
    assert fault("methods", found) == f"{said}; see docs/extending.md for what a method offers"


async def waits(pool: Any) -> Any:
    """A coroutine."""
    return pool


def yields(pool: Any) -> Any:
    """A generator."""
    yield pool


STRANGERS = (
    *(
        None,
        1,
        "text",
        b"",
        1.5,
        ...,
        [],
        {},
        object(),
        type,
        object,
        int,
        dict,
        dataclasses,
        np,
        np.ndarray,
        torch.Tensor,
    ),
    *(abs, len, print, exec, eval, open, breakpoint, np.sort, np.unique, torch.load, torch.is_tensor, torch.compile),
    *(torch.nn.Module, torch.nn.Linear, torchvision.datasets.CIFAR10, waits, yields, Abstract, Contract, Open, Thawed),
    *(functools.partial(print), dataclasses.field(), dataclasses.dataclass, Exception, KeyboardInterrupt()),
)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_lies_in_a_library_is_no_extension(kind: str) -> None:
    """Of no kind; and to ask calls nothing: some would end this process."""
    assert [found for found in STRANGERS if fault(kind, found, library=True) is None] == []


@pytest.mark.parametrize("found", [Abstract, Contract])
def test_what_is_abstract_is_refused(found: Any) -> None:
    assert "is abstract" in (fault("backbone sources", found) or "")


class Answers:
    """A class whose functions take what they are to take."""

    labelled = True
    name = "answers"

    def __init__(self, *given: Any) -> None:
        raise AssertionError("it was made")

    names = find = build = run = close = train = fingerprint = load = lambda self, *given: None


@pytest.mark.parametrize(
    ("kind", "made"), [("backbone sources", Answers), ("executors", Answers), ("answers", lambda *given: None)]
)
def test_what_takes_anything_is_taken(kind: str, made: Callable[..., Any]) -> None:
    assert fault(kind, made) is None


def test_every_kind_of_the_catalogue_has_its_contract() -> None:
    """And the costs that a method may tell are those that plans are ordered by."""
    assert {each.kind for each in CATALOGUES} == set(KINDS)
    assert COSTS == COST_ORDER
