"""Names that stand for objects."""

import dataclasses
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from bench import catalog, registry
from bench.errors import BenchError, Unavailable
from bench.registry import EXTRAS, Entry, Registry, require, unknown

SHAPES = Registry(
    "shapes", [("circle", Entry("math:pi", "round")), ("square", Entry("math:sqrt", "with corners", {"sides": 4}))]
)
CATALOGUES = [value for value in vars(catalog).values() if isinstance(value, Registry)]


def test_an_entry_gives_its_object_when_it_is_asked_for() -> None:
    import math

    assert SHAPES.entry("circle").load() is math.pi


def test_names_are_sorted_and_chosen_by_glob() -> None:
    assert SHAPES.names() == ["circle", "square"]
    assert SHAPES.names("*re") == ["square"]
    assert SHAPES.names("triangle") == []


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(BenchError, match=r"unknown shape 'squere'; did you mean square\?"):
        SHAPES.entry("squere")


def test_a_name_like_none_is_refused_with_those_that_are_known() -> None:
    assert unknown("shape", "zzz", ["square", "circle"]) == "unknown shape 'zzz'; known: circle, square"


def test_a_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="shapes 'circle' stands twice"):
        Registry("shapes", [("circle", Entry("math:pi", "")), ("circle", Entry("math:e", ""))])


def test_a_users_own_object_is_taken_by_its_place() -> None:
    assert SHAPES.entry("dataclasses:Field").load() is dataclasses.Field


@pytest.mark.parametrize("target", ["no_such_module:Thing", "json:Nothing", "json:", ":Thing", ".relative:Thing"])
def test_an_object_that_cannot_be_imported_is_named(target: str) -> None:
    with pytest.raises(BenchError, match=rf"^{target}: can't be imported \("):
        SHAPES.entry(target).load()


def test_other_packages_add_names_but_never_replace_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(group: str) -> list[EntryPoint]:
        assert group == "bench.shapes"
        return [EntryPoint("star", "math:tau", group), EntryPoint("circle", "math:e", group)]

    monkeypatch.setattr(registry, "entry_points", points)
    assert SHAPES.entry("star").target == "math:tau"
    assert SHAPES.entry("circle").target == "math:pi"
    assert "star" in SHAPES.names()


@pytest.mark.parametrize(
    "entry",
    [catalogue.entry(name) for catalogue in CATALOGUES for name in catalogue.names()],
    ids=[f"{catalogue.kind} {name}" for catalogue in CATALOGUES for name in catalogue.names()],
)
def test_every_entry_of_the_catalogue_can_be_imported_and_is_described(entry: Entry) -> None:
    found: Any = entry.load()
    assert callable(found)
    assert entry.description


def test_every_extra_that_an_entry_needs_can_be_installed() -> None:
    """It stands in the package's metadata, under the name that the advice gives."""
    entries = [catalogue.entry(name) for catalogue in CATALOGUES for name in catalogue.names()]
    needed = {entry.extra for entry in entries} - {None}
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    assert needed <= set(EXTRAS)
    assert set(EXTRAS) <= set(project["optional-dependencies"])


def test_an_extra_is_asked_for_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry knows whether it is here without importing it; what needs none lacks none."""
    monkeypatch.setitem(EXTRAS, "drawing", "turtle")  # type: ignore[misc]
    needy = Registry("shapes", [("spiral", Entry("math:e", "round and round", extra="drawing"))])
    monkeypatch.setitem(sys.modules, "turtle", None)
    assert needy.entry("spiral").lacks == "drawing"
    assert SHAPES.entry("circle").lacks is None
    SHAPES.require("circle")
    with pytest.raises(
        Unavailable, match=r"^spiral: needs the extra drawing; .*pip install 'transferbench\[drawing\]'"
    ):
        needy.require("spiral")
    monkeypatch.setitem(sys.modules, "turtle", __import__("math"))
    assert needy.entry("spiral").lacks is None
    assert require("drawing", "spiral") is sys.modules["turtle"]
