"""Plans of the tiny suite."""

from pathlib import Path
from typing import Any

from bench.running.planning import Planned, plan_suite
from tests.material import tiny

CORES = 6
"""Of the machine that the fixture `here` stands for."""


def plan(folder: Path, *overrides: str, text: str = tiny.SUITE, **asked: Any) -> Planned:
    """Plan the tiny suite."""
    options: dict[str, Any] = {
        **dict.fromkeys(("data_dir", "weights_dir", "out", "device", "limit")),
        "filters": (),
        "workers": 1,
    }
    suite = str(tiny.write_suite(folder, text))
    return plan_suite(suite, **{**options, "overrides": overrides, **asked})
