"""Whether the cells kept the protocol: the checks of each, counted. Pure."""

from typing import NamedTuple

from bench.answers.summary import Summary


class Check(NamedTuple):
    """What came of one check over all cells with a number."""

    passed: int
    failed: int
    not_applicable: int


def audit(summary: Summary) -> dict[str, Check]:
    """Return the checks by name, in the order in which cells made them."""
    names = dict.fromkeys(name for record in summary.finished for name in record.audit or {})
    found = {name: [(record.audit or {}).get(name) for record in summary.finished] for name in names}
    return {name: Check(values.count(True), values.count(False), values.count(None)) for name, values in found.items()}


def audit_failures(summary: Summary) -> tuple[str, ...]:
    """Return each check that a cell failed, with the cell."""
    return tuple(
        f"{name}: {record.label} ({record.cell_id})"
        for record in summary.finished
        for name, passed in (record.audit or {}).items()
        if passed is False
    )
