"""Full fine-tuning with rates that fall from the head down."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Gt, Le

from bench.contracts import Fitted, Task


@dataclass(frozen=True)
class LayerwiseLrDecay:
    """Each stage learns `decay` times as fast as the one behind it, as in ELECTRA (Clark et al., 2020).

    The last stage has `decay` times the recipe's rate. 0.8 is that of ELECTRA's base models; BEiT (Bao et al., 2022)
    brought it to vision transformers. The recipe is full fine-tuning's.
    """

    decay: Annotated[float, Gt(0), Le(1)] = 0.8

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.gradient import Tuning, every_parameter, fit_backbone, stage_rates

        rates = stage_rates(task.backbone.stages, self.decay, first=self.decay)
        return fit_backbone(task, Tuning(every_parameter(task), rates=rates))
