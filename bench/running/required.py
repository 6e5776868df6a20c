"""Data and weights have the hashes that the suite demands, or nothing runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.errors import InvalidData
from bench.records.record import Record
from bench.running.provision import Lacking, Ready, Supplies, data_of
from bench.schema import Cell, Required
from bench.suites.requirements import from_a_file

Found = tuple[str, str, str | None]
"""The kind, `data` or `weights`, what it is called, and its hash."""


def refuse_others(required: Required, cells: Sequence[Cell], ready: Ready) -> None:
    """Raise `InvalidData` with a line for each data set and each weights whose hash is another one than demanded."""
    supplies = ((cell, ready.of(cell)) for cell in cells)
    _refuse(required, (found for cell, each in supplies for found in _found(required, cell, each)), "what lies here")


def refuse_results_of_others(required: Required, cells: Sequence[Cell], records: Mapping[str, Record]) -> None:
    """Do the same with the results that are there already: a hash that is demanded later holds for them too."""
    done = ((cell, records[cell.cell_id]) for cell in cells if cell.cell_id in records)
    finished = ((cell, record) for cell, record in done if record.status == "ok")
    _refuse(
        required,
        (found for cell, record in finished for found in _recorded(required, cell, record)),
        "what a result here is of",
    )


def _found(required: Required, cell: Cell, supplies: Supplies | Lacking) -> Iterator[Found]:
    if isinstance(supplies, Lacking):
        return
    ready = [supplies.data, *([supplies.source] if supplies.source else [])]
    for choice, data in zip(data_of(cell), ready, strict=True):
        yield "data", choice.name, data.fingerprint
    yield "weights", _weights_name(required, cell), supplies.weights.file.sha256


def _recorded(required: Required, cell: Cell, record: Record) -> Iterator[Found]:
    hashes = [record.dataset_fingerprint, record.source_fingerprint]
    for choice, fingerprint in zip(data_of(cell), hashes, strict=False):
        yield "data", choice.name, fingerprint
    yield "weights", _weights_name(required, cell), record.weights_sha256


def _weights_name(required: Required, cell: Cell) -> str:
    """Return the name under which a hash of the cell's weights may be demanded, the more exact one first."""
    exact = f"{cell.backbone} {cell.weights}"
    return exact if exact in required.weights or not from_a_file(cell.weights) else cell.backbone


def _refuse(required: Required, found: Iterable[Found], what: str) -> None:
    wanted = {"data": required.data, "weights": required.weights}
    others = dict.fromkeys(
        f"require.{kind}.{name}: {what} has the SHA-256 {sha256 or 'null'}, which does not begin with "
        f"{wanted[kind][name]}; take the {kind} that the suite means, or mend the suite"
        for kind, name, sha256 in found
        if name in wanted[kind] and not (sha256 or "").startswith(wanted[kind][name])
    )
    if others:
        raise InvalidData("\n".join(others))
