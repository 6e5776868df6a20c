"""Folders of runs with records of one's choice, as `bench run` leaves them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.records.record import Record
from tests.material.measured import MACHINE


def write_run(folder: Path, records: Iterable[Record], **machine: Any) -> Path:
    """Write a run's folder; no side file stands beside the records."""
    folder.mkdir(parents=True)
    (folder / "records.jsonl").write_text("".join(json.dumps(record.to_json()) + "\n" for record in records))
    manifest = {"suite": folder.name, "environments": {"machine": {**MACHINE, **machine}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
