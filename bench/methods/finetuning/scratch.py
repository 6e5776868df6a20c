"""Training from scratch: the same network from random weights, the baseline that transfer has to beat."""

from dataclasses import dataclass
from typing import Any, ClassVar

from bench.contracts.training import Task
from bench.methods.descriptions import Tuning, every_parameter
from bench.methods.kinds import Finetuning


@dataclass(frozen=True)
class Scratch(Finetuning):
    """All parameters learn from random initial weights, one rate for all.

    AdamW at 1e-3 with a cosine schedule, the common default for short trainings (Loshchilov and Hutter, 2019).
    """

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 1e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = False

    def tuning(self, task: Task) -> Tuning:
        """Tune everything."""
        return Tuning(every_parameter(task))
