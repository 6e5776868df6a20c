"""Rows to tables: one for each data set, backbone, device, precision and machine. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.answers.rows.rows import Row
from bench.catalog import METHODS

Budget = tuple[str, int]
"""The label of a budget, and its count of labels."""


@dataclass(frozen=True)
class Block:
    """One table: a row per method and initial weights, a column per label budget."""

    title: str
    settings: tuple[str, ...]
    budgets: tuple[Budget, ...]
    """Smallest first."""
    rows: Mapping[tuple[str, Budget], Row]

    @property
    def ordered(self) -> list[Row]:
        """The rows by setting, then by budget."""
        keys = [(setting, budget) for setting in self.settings for budget in self.budgets]
        return [self.rows[key] for key in keys if key in self.rows]

    @property
    def by_setting(self) -> Mapping[str, list[Row]]:
        """The rows of each setting, smallest budget first."""
        return {
            setting: [self.rows[setting, budget] for budget in self.budgets if (setting, budget) in self.rows]
            for setting in self.settings
        }


def blocks_of(rows: Sequence[Row]) -> tuple[Block, ...]:
    """Return the tables; a title names what tells them apart, and always the backbone."""
    tables: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        tables.setdefault((row.dataset, row.backbone, row.device, row.precision, row.machine), []).append(row)
    several = [len({key[position] for key in tables}) > 1 for position in range(5)]
    return tuple(_block(_title(key, several), mine) for key, mine in tables.items())


def _title(key: tuple[str, ...], several: Sequence[bool]) -> str:
    return " ".join(part for position, part in enumerate(key) if several[position] or position == 1)


def _block(title: str, rows: Sequence[Row]) -> Block:
    names = _names(rows)
    ordered = sorted(rows, key=lambda row: (_rank(row.method), row.weights))
    budgets = sorted({(row.budget, row.n_labels) for row in rows}, key=lambda budget: budget[1])
    return Block(
        title,
        tuple(dict.fromkeys(names[id(row)] for row in ordered)),
        tuple(budgets),
        {(names[id(row)], (row.budget, row.n_labels)): row for row in rows},
    )


def _names(rows: Sequence[Row]) -> dict[int, str]:
    """Return what each row is called; settings of one name are told apart by their weights' hash, else the row's."""
    variants: dict[str, set[str]] = {}
    hashes: dict[str, set[str | None]] = {}
    for row in rows:
        variants.setdefault(row.setting, set()).add(row.variant)
        hashes.setdefault(row.setting, set()).add(row.weights_sha256)

    def name(row: Row) -> str:
        if len(variants[row.setting]) == 1:
            return row.setting
        # A reader knows weights by their hash; the row's own says nothing, and is told only where it must be.
        by_weights = len(hashes[row.setting]) == len(variants[row.setting])
        return f"{row.setting} #{(row.weights_sha256 or 'none')[:8] if by_weights else row.variant}"

    return {id(row): name(row) for row in rows}


def _rank(method: str) -> tuple[int, str]:
    return METHODS.position(method.partition("(")[0]), method
