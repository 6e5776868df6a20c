"""What keeps an object from being an extension of its kind. Nothing of it is called for that. Pure."""

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

COSTS = ("features", "partial", "full")
"""What a step of a method works on, the cheapest first."""
_SELF = object()
"""Stands for the instance where a function of a class is asked whether it takes some arguments."""
_STATIC = (staticmethod, classmethod)


@dataclass(frozen=True)
class Says:
    """A value that a class must have."""

    wanted: str
    """In words."""
    fits: Callable[[Any], bool]


@dataclass(frozen=True)
class Kind:
    """What an extension of one kind is, so far as that can be seen without calling it."""

    noun: str
    form: Literal["dataclass", "class", "function"]
    takes: tuple[str, ...] = ()
    """What a function is called with, or a class is made with. Of a dataclass with `free` parameters a suite tells."""
    free: bool = False
    offers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The functions of a class, each with what it is called with."""
    says: Mapping[str, Says] = field(default_factory=dict)
    """The values of a class."""

    def fault(self, found: Any, is_library: Callable[[], bool]) -> str | None:
        """Return why an object is none of this kind; null where nothing speaks against it.

        A function of a library has as good as never been written for this project: it must name what it takes as the
        contract does, which any other function need not.
        """
        if self.form == "function":
            why = _fault_of_function(found, self.takes, is_library)
        else:
            why = next(self._faults_of_class(found), None)
        return None if why is None else f"{why}; see docs/extending.md for what a {self.noun} offers"

    def _faults_of_class(self, found: Any) -> Iterator[str]:
        if not isinstance(found, type):
            yield f"is no {self.form}"
            return
        if self.form == "dataclass" and not _is_frozen(found):
            yield "is no frozen dataclass" if dataclasses.is_dataclass(found) else "is no dataclass"
        if inspect.isabstract(found) or getattr(found, "_is_protocol", False):
            yield "is abstract"
        for name, takes in self.offers.items():
            yield from _faults_of_offer(found, name, takes)
        for name, says in self.says.items():
            yield from _faults_of_value(found, name, says)
        if not self.free and not _binds(found, self.takes):
            yield f"can't be made with {_listed(self.takes)}"


def _is_frozen(found: type) -> bool:
    return dataclasses.is_dataclass(found) and bool(found.__dataclass_params__.frozen)  # type: ignore[attr-defined]


def _faults_of_offer(found: type, name: str, takes: Sequence[str]) -> Iterator[str]:
    offered = inspect.getattr_static(found, name, None)
    if offered is None or not (callable(offered) or isinstance(offered, _STATIC)):
        yield f"has no {name}({', '.join(takes)})"
    elif not _binds(getattr(found, name), takes if isinstance(offered, _STATIC) else (_SELF, *takes)):
        yield f"its {name} can't be called with {_listed(takes)}"


def _faults_of_value(found: type, name: str, says: Says) -> Iterator[str]:
    there = inspect.getattr_static(found, name, None)
    # what a property gives is known of an instance alone
    if there is None or not (isinstance(there, property) or says.fits(there)):
        yield f"has no {name}: {says.wanted}" if there is None else f"its {name} is no {says.wanted}"


def _fault_of_function(found: Any, takes: Sequence[str], is_library: Callable[[], bool]) -> str | None:
    if isinstance(found, type) or not callable(found):
        return "is no function"
    if inspect.iscoroutinefunction(found) or inspect.isgeneratorfunction(found):
        return "is a function that returns nothing at once"
    if not _binds(found, takes):
        return f"can't be called with {_listed(takes)}"
    if not _named(found, takes) and is_library():
        return f"takes no {_listed(takes)}"
    return None


def _binds(found: Any, arguments: Sequence[object]) -> bool:
    """Say whether something can be called with so many arguments; what does not tell its parameters can't."""
    try:
        inspect.signature(found).bind(*arguments)
    except (TypeError, ValueError):
        return False
    return True


def _named(found: Any, takes: Sequence[str]) -> bool:
    """Say whether the first parameters are called as those of the contract."""
    return list(inspect.signature(found).parameters)[: len(takes)] == list(takes)


def _listed(takes: Sequence[str]) -> str:
    return f"({', '.join(takes)})" if takes else "no arguments"


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


_TRUTH = Says("true or false", _is_bool)

KINDS: Mapping[str, Kind] = {
    "datasets": Kind("data set", "dataclass", free=True, offers={"fingerprint": ("places",), "load": ("places",)}),
    "backbone sources": Kind(
        "source of networks",
        "class",
        offers={
            "names": ("pattern",),
            "find": ("name", "places", "download"),
            "build": ("name", "checkpoint", "image_size"),
        },
    ),
    "pretraining": Kind("way of pre-training", "dataclass", offers={"train": ("task",)}, says={"labelled": _TRUTH}),
    "methods": Kind(
        "method",
        "dataclass",
        free=True,
        offers={"fit": ("task",)},
        says={
            "defaults": Says("mapping of training keys", lambda value: isinstance(value, Mapping)),
            "uses_weights": _TRUTH,
            "cost": Says(f"one of {', '.join(COSTS)}", lambda value: isinstance(value, str) and value in COSTS),
        },
    ),
    "selections": Kind("rule that chooses images", "function", ("pool",)),
    "probes": Kind("probe", "function", ("run",)),
    "scores": Kind("score of features", "function", ("features", "labels", "source")),
    "profiles": Kind("profile", "function", ("rehearsal",)),
    "executors": Kind(
        "executor",
        "class",
        ("workers",),
        offers={"run": ("jobs", "progress"), "close": ()},
        says={"name": Says("name", lambda value: isinstance(value, str))},
    ),
    "answers": Kind("answer", "function", ("summary",)),
    "sections": Kind("section", "function", ("summary",)),
    "reports": Kind("format of reports", "function", ("summary", "folder")),
    "workloads": Kind("workload", "function", ("asked",)),
}
"""By the kind of the registry."""
