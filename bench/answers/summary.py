"""A run as reports see it: its records, rows and tables, and an answer to whatever a section asks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

from bench.answers.blocks import Block, blocks_of
from bench.answers.differences import Right
from bench.answers.rows.rows import Row, rows_of
from bench.records.curves import CurvesOf, no_curves
from bench.records.plausible import plausible
from bench.records.record import Record

Answered = TypeVar("Answered")
TARGETS = (0.9,)
"""Accuracies whose labels are asked for where the user asks for none."""


@dataclass(frozen=True)
class Summary:
    """What a report is made of. It knows no table: a section asks for the answers that it shows."""

    suite: str
    description: str
    command: str
    suite_text: str
    environments: Mapping[str, Mapping[str, Any]]
    """Of the machines that finished cells, by their key."""
    records: tuple[Record, ...]
    """Of all cells of the plan that have one."""
    missing: int
    """Cells of the plan without a record."""
    left_out: int
    """Records of other settings of the suite."""
    rows: tuple[Row, ...]
    blocks: tuple[Block, ...]
    right: Right
    """Which test images a cell got right."""
    targets: Sequence[float] = TARGETS
    """Accuracies in 0 to 1 whose labels are asked for."""
    curves: CurvesOf = no_curves
    """What is kept of a cell, step by step, given its id."""
    said: tuple[str, ...] = ()
    """How the records were narrowed and joined before."""
    _known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def ask(self, question: Callable[["Summary"], Answered]) -> Answered:
        """Return a question's answer; it is worked out once, when it is first asked for.

        Verdicts of a large run take minutes, and not every report shows all of them.
        """
        if question not in self._known:
            self._known[question] = question(self)
        return cast(Answered, self._known[question])

    @cached_property
    def finished(self) -> tuple[Record, ...]:
        """The records with a number."""
        return tuple(record for record in self.records if record.status == "ok")

    @cached_property
    def unfinished(self) -> tuple[Record, ...]:
        """The records without one."""
        return tuple(record for record in self.records if record.status != "ok")


def nothing_kept(cell_id: str) -> None:
    """Stands for predictions that were not kept."""


def summarise(
    records: Sequence[Record],
    manifest: Mapping[str, Any],
    right: Right = nothing_kept,
    targets: Sequence[float] = TARGETS,
    curves: CurvesOf = no_curves,
    said: Sequence[str] = (),
) -> Summary:
    """Group the records of the manifest's plan; where there is no plan, of all. Rows are compared by `right`.

    Figures that no cell can have measured are left out, and named among what is said before the notes.
    """
    # A run's folder keeps the records of cells that its suite no longer has: they are counted, not shown.
    planned = None if manifest.get("cells") is None else set(manifest["cells"])
    mine, unreliable = plausible([record for record in records if planned is None or record.cell_id in planned])
    finished = [record for record in mine if record.status == "ok"]
    environments = manifest.get("environments", {})
    rows = rows_of(finished, environments)
    used = {record.env for record in finished}
    return Summary(
        suite=str(manifest.get("suite", mine[0].suite if mine else "")),
        description=str(manifest.get("description", "")),
        command=str(manifest.get("command", "")),
        suite_text=str(manifest.get("suite_text", "")),
        environments={key: environment for key, environment in environments.items() if key in used},
        records=mine,
        missing=len(planned - {record.cell_id for record in mine}) if planned is not None else 0,
        left_out=len(records) - len(mine),
        rows=rows,
        blocks=blocks_of(rows),
        right=right,
        targets=targets,
        curves=curves,
        said=(*said, *unreliable),
    )
