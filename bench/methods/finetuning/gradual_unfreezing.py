"""Gradual unfreezing: the head learns first, then one stage after another from the last to the first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Gt, Le

from bench.contracts.training import Fitted, Task
from bench.methods.kinds import Finetuning

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class GradualUnfreezing(Finetuning):
    """Stages begin to learn from the last to the first, at equal intervals (ULMFiT, Howard and Ruder, 2018).

    The head learns alone before; all learn from the share `until` of the steps on. Normalisation adapts with its stage.
    Each stage's rate is that of the stage behind it times `rate_decay`: 1 / 2.6 are the paper's discriminative rates.
    The recipe is full fine-tuning's.
    """

    until: Annotated[float, Gt(0), Le(1)] = 0.5
    rate_decay: Annotated[float, Gt(0), Le(1)] = 1.0

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.gradient import Tuning, every_parameter, fit_backbone, refuse_compile, stage_rates

        refuse_compile(task, "gradual_unfreezing", "what learns changes on the way")
        stages = task.backbone.stages
        rates = stage_rates(stages, self.rate_decay, first=1.0)
        return fit_backbone(
            task, Tuning(every_parameter(task), rates=rates, before_step=lambda model: self._unfreeze(model, stages))
        )

    def _unfreeze(self, model: "nn.Module", stages: tuple[tuple[str, ...], ...]) -> Callable[[int, int], None]:
        from bench.backbones.building import train_only

        def before(step: int, steps: int) -> None:
            count = self.learning(step, steps, len(stages))
            if step == 0 or count > self.learning(step - 1, steps, len(stages)):
                names = {f"backbone.{name}" for stage in stages[len(stages) - count :] for name in stage}
                train_only(model, names | {"head.weight", "head.bias"})

        return before

    def learning(self, step: int, steps: int, stages: int) -> int:
        """Return how many stages, from the last on, learn at a step (0-based)."""
        return min(stages, int(stages * (step / steps) / self.until))
