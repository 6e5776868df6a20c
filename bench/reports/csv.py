"""The summary as CSV, one line per row."""

import dataclasses
from pathlib import Path
from typing import Any

from bench.aggregate import Summary
from bench.rows import Row
from bench.stats import Estimate
from bench.trial_rows import Tried


def render(summary: Summary, folder: Path) -> str:
    """Return the text; an estimate becomes three columns: mean, half width of the 95 % interval, n."""
    import pandas as pd

    return pd.DataFrame([_flat(row) for row in summary.rows]).to_csv(index=False, lineterminator="\n")


def _flat(row: Row | Tried) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        if "Mapping" in str(field.type):
            flat |= {f"{field.name}_{part}": each for part, each in (value or {}).items()}
        elif "Estimate" in str(field.type):
            estimate: Estimate | None = value
            flat[field.name] = estimate.mean if estimate else None
            flat[f"{field.name}_half_width_95"] = estimate.half_width if estimate else None
            flat[f"{field.name}_n"] = estimate.n if estimate else 0
        elif isinstance(value, Tried):
            flat |= {f"{field.name}_{part}": each for part, each in _flat(value).items()}
        elif value is not None or "Tried" not in str(field.type):
            flat[field.name] = " ".join(map(str, value)) if isinstance(value, tuple) else value
    return flat
