"""A command of `bench`, run in this process: what tests of the command line share."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

QUICK = ("--limit", "60", "--executor", "inline", "--device", "cpu")
PROBE = ("--filter", "method=linear_probe", "--filter", "labels_per_class=2")


@dataclass(frozen=True)
class Answer:
    """What a command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


Command = Callable[..., Answer]
