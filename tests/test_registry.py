"""Names that stand for objects."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import catalog, registry
from bench.errors import BenchError, Unavailable
from bench.modules import PlugIn
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
    assert SHAPES.entry("numpy:ndarray").load() is np.ndarray


@pytest.mark.parametrize("target", ["no_such_module:Thing", "numpy:Nothing", "numpy:", ":Thing", ".relative:Thing"])
def test_an_object_that_cannot_be_imported_is_named(target: str) -> None:
    with pytest.raises(BenchError, match=rf"^{target}: can't be imported \("):
        SHAPES.entry(target).load()


def a_shape(found: Any, is_library: Any) -> str | None:
    """Take numbers alone."""
    return None if isinstance(found, float) else "is no shape"


def offered(monkeypatch: pytest.MonkeyPatch, *points: PlugIn) -> Registry:
    """Return shapes of which other packages offer some."""

    def plug_ins(group: str) -> list[PlugIn]:
        assert group == "bench.flat_shapes"
        return list(points)

    monkeypatch.setattr(registry, "plug_ins", plug_ins)
    return Registry("flat shapes", [("circle", Entry("math:pi", "round"))], a_shape)


def test_other_packages_add_names_but_never_replace_one(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """Nor is one of two of the same name taken; each that is left out is told of with its package."""
    star = PlugIn("star", "numpy:pi", "stars")
    shapes = offered(
        monkeypatch,
        star,
        star,  # an installation that stands twice on the path is no other
        PlugIn("circle", "numpy:e", "rounds"),
        PlugIn("ring", "numpy:e", "rounds"),
        PlugIn("ring", "numpy:pi", "others"),
        *(PlugIn(name, "numpy:e", "odd") for name in ("a:b", "../x", "", "two words", "a@b")),
    )
    assert shapes.names() == ["circle", "star"]
    assert (shapes.entry("star").target, shapes.entry("circle").target) == ("numpy:pi", "math:pi")
    with pytest.raises(BenchError, match=r"numpy:e of rounds and numpy:pi of others have one name; uninstall one"):
        shapes.entry("ring")
    told = {str(each.message) for each in recwarn}
    assert len(told) == 7
    assert "plug-in 'circle' of rounds is left out of flat shapes" in " ".join(told)


def test_a_broken_plug_in_is_told_and_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    shapes = offered(
        monkeypatch,
        PlugIn("star", "numpy:pi", "stars"),
        PlugIn("gone", "no_such_module:x", "p"),
        PlugIn("misfit", "numpy:ndarray", "p"),
        PlugIn("formless", "numpy", "p"),
    )
    assert list(shapes.working()) == ["circle", "star"]
    assert sorted(str(each.message).split("'")[1] for each in recwarn) == ["formless", "gone", "misfit"]


def test_the_group_of_every_kind_can_be_published() -> None:
    """As the specification of entry points has it."""
    groups = {each.group for each in CATALOGUES}
    assert {"bench.methods", "bench.backbone_sources"} <= groups
    assert all(re.fullmatch(r"\w+(\.\w+)*", group) for group in groups)


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
