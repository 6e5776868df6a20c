"""The sections of a report, in the order of the catalogue."""

from bench.answers.summary import Summary
from bench.catalog import SECTIONS
from bench.contracts.reports import Section
from bench.errors import BenchError
from bench.modules import tell
from bench.registry import Entry


def sections_of(summary: Summary) -> dict[str, Section]:
    """Return the sections by name. Each format leaves out those that have nothing to show in it."""
    found = {name: _section(name, entry, summary) for name, entry in SECTIONS.working().items()}
    return {name: section for name, section in found.items() if section is not None}


def _section(name: str, entry: Entry, summary: Summary) -> Section | None:
    """Return a section; a plug-in that gives none is told and left out."""
    if entry.fault is None:
        made: Section = entry.load()(summary)
        return made
    try:
        own = entry.call(summary)
        if isinstance(own, Section):
            return own
        tell(f"section {name!r} is left out: {entry.target} gives a {type(own).__name__}; return a Section")
    except BenchError as error:
        tell(f"section {name!r} is left out: {error}")
    return None
