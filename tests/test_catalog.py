"""What stands in the catalogue is what its line says."""

import pytest

from bench import catalog
from bench.registry import Registry
from bench.suites.plan import uses_source

REGISTRIES = [each for each in vars(catalog).values() if isinstance(each, Registry)]


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.kind)
def test_each_line_describes_its_entry(registry: Registry) -> None:
    """In a few words, without a full stop; the target lies in this project."""
    for name in registry.names():
        entry = registry.entry(name)
        assert 0 < len(entry.description) <= 80, name
        assert not entry.description.endswith("."), name
        assert entry.description == " ".join(entry.description.split()), name
        assert entry.target.startswith("bench."), name


def test_methods_that_learn_from_a_source_say_so() -> None:
    """Those that adapt at test time have learnt from one before."""
    entries = [catalog.METHODS.entry(name) for name in catalog.METHODS.names()]
    told = {each.target for each in entries if each.description.startswith(("from a source: ", "at test time: "))}
    assert told == {each.target for each in entries if uses_source(each.load())}


def test_probes_that_are_optional_say_so() -> None:
    """Others are taken in every cell."""
    optional = {name for name in catalog.PROBES.names() if catalog.PROBES.entry(name).optional}
    assert optional == {
        name for name in catalog.PROBES.names() if "where a suite asks for it" in catalog.PROBES.entry(name).description
    }
    assert optional
