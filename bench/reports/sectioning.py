"""The sections of a report, in the order of the catalogue."""

from bench.answers.summary import Summary
from bench.catalog import SECTIONS
from bench.contracts.reports import Section


def sections_of(summary: Summary) -> dict[str, Section]:
    """Return the sections by name. Each format leaves out those that have nothing to show in it."""
    names = sorted(SECTIONS.names(), key=SECTIONS.position)
    return {name: SECTIONS.entry(name).load()(summary) for name in names}
