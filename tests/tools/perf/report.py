"""The results as JSON and as a page of Markdown."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.machine.writing import write_atomically
from tests.tools.perf.measured import Claim, Line, Outcome, Table, measured, verdict


def entry(outcome: Outcome, **about: Any) -> dict[str, Any]:
    """Return an outcome as JSON; `about` says when and under what load it was measured."""
    return {
        **about,
        "lines": [asdict(line) for line in outcome.lines],
        "tables": [asdict(table) for table in outcome.tables],
        "raw": dict(outcome.raw),
    }


def earlier(folder: Path, mode: Mapping[str, Any], machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows of an earlier call; none where it was made in another mode or on another machine."""
    path = folder / "perf.json"
    if not path.exists():
        return {}
    contents = json.loads(path.read_text())
    keys = ("processor", "cores", "memory_gib")
    same = all(contents["machine"][key] == machine[key] for key in keys)
    rows: dict[str, Any] = contents["rows"] if same and contents["mode"] == dict(mode) else {}
    return rows


def write(folder: Path, rows: Mapping[str, Any], mode: Mapping[str, Any], machine: Mapping[str, Any]) -> None:
    """Write `perf.json` and `perf.md`."""
    contents = {"mode": dict(mode), "machine": dict(machine), "rows": dict(rows)}
    write_atomically(folder / "perf.json", json.dumps(contents, indent=1) + "\n")
    write_atomically(folder / "perf.md", markdown(contents))


def markdown(contents: Mapping[str, Any]) -> str:
    """Return the page."""
    mode, machine, rows = contents["mode"], contents["machine"], contents["rows"]
    lines = [line_of(line) for row in rows.values() for line in row["lines"]]
    tables = [Table(**table) for row in rows.values() for table in row["tables"]]
    head = ["row", "work", "against", "reach", "measured: median (spread over rounds)", "verdict"]
    body = [
        [
            line.row,
            line.work,
            line.against,
            "-" if line.reach is None else f"{line.reach:g} x",
            measured(line),
            verdict(line, mode["quick"]),
        ]
        for line in lines
    ]
    notes = [f"- {line.row}: {line.note}" for line in lines if line.note]
    parts = [
        "# The harness against the usual way",
        *(["**A rehearsal (`--quick`): the sizes are too small to say anything of speed.**"] * mode["quick"]),
        _machine(machine, mode),
        table_text(head, body),
        "\n".join(notes),
        *(f"## {table.title}\n\n{table_text(table.columns, table.rows)}" for table in tables),
        "## When\n\n" + table_text(["row", "finished", "seconds", "load before", "commit"], _when(rows)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def line_of(contents: Mapping[str, Any]) -> Line:
    """Return a line from its JSON."""
    claim = contents["claim"]
    return Line(**{**contents, "claim": Claim(**claim) if claim else None})


def table_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    shown = [list(columns), ["---"] * len(columns), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in shown)


def _machine(machine: Mapping[str, Any], mode: Mapping[str, Any]) -> str:
    packages = machine["packages"]
    names = ("torch", "torchvision", "timm", "scikit-learn", "numpy")
    versions = ", ".join(f"{name} {packages[name]}" for name in names)
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}; Python "
        f"{machine['python']}, {versions}. Images: {mode['images']}; weights: {mode['weights']}. Ratios are usual over "
        f"harness in seconds, harness over usual in images/s: more is better for the harness. Both sides take turns in "
        f"one run, GOMP_SPINCOUNT=0 on both."
    )


def _when(rows: Mapping[str, Any]) -> list[list[str]]:
    return [
        [name, row["finished_at"], f"{row['seconds']:.0f}", f"{row['load_before']:.1f}", str(row["commit"])[:18]]
        for name, row in rows.items()
    ]


def summary(outcome: Outcome, quick: bool) -> str:
    """Return what came of a row in one line, for the screen."""
    told = [
        f"{measured(line)}, {verdict(line, quick)}" if line.ratios else verdict(line, quick) for line in outcome.lines
    ]
    return "; ".join(told) or "measured"
