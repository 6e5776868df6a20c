"""Training from scratch: the same network from random weights, the baseline that transfer has to beat."""

from dataclasses import dataclass
from typing import Any, ClassVar

from bench.contracts.training import Fitted, Task


@dataclass(frozen=True)
class Scratch:
    """All parameters learn from random initial weights, one rate for all.

    AdamW at 1e-3 with a cosine schedule, the common default for short trainings (Loshchilov and Hutter, 2019).
    """

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 1e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = False
    cost: ClassVar[str] = "full"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.gradient import Tuning, fit_backbone

        return fit_backbone(task, Tuning([name for name, _ in task.backbone.network.named_parameters()]))
