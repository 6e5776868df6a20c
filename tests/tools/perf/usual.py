"""The usual way's side: one command of `textbook.py` as a process of its own."""

import json
import statistics
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.tools.perf.processes import run_process

WARMUP = 3
"""Steps of a loop that are left out."""


@dataclass(frozen=True)
class Usual:
    """One process of the usual way."""

    seconds: float
    """From the start of the process to its end."""
    answer: Mapping[str, Any]


def run_textbook(command: str, **settings: Any) -> Usual:
    """Run one command of the textbook."""
    done = run_process([sys.executable, "-m", "tests.tools.perf.textbook", command, json.dumps(settings)], {})
    return Usual(done.seconds, json.loads(done.stdout.splitlines()[-1]))


def steady_rate(answer: Mapping[str, Any]) -> float:
    """Return images per second of the median step, without the first steps."""
    steps = answer["step_s"]
    return float(answer["batch"] / statistics.median(steps[WARMUP:] or steps[-1:]))
