"""Gradual unfreezing: the head learns first, then one stage after another from the last to the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt, Le

from bench.contracts.training import Task
from bench.methods.descriptions import Tuning, every_parameter, refuse_compile, stage_rates
from bench.methods.kinds import Finetuning


@dataclass(frozen=True)
class GradualUnfreezing(Finetuning):
    """Stages begin to learn from the last to the first, at equal intervals (ULMFiT, Howard and Ruder, 2018).

    The head learns alone before; all learn from the share `until` of the steps on. Normalisation adapts with its stage.
    Each stage's rate is that of the stage behind it times `rate_decay`: 1 / 2.6 are the paper's discriminative rates.
    The recipe is full fine-tuning's.
    """

    until: Annotated[float, Gt(0), Le(1)] = 0.5
    rate_decay: Annotated[float, Gt(0), Le(1)] = 1.0

    def tuning(self, task: Task) -> Tuning:
        """Tune everything, one stage after another."""
        refuse_compile(task, "gradual_unfreezing", "what learns changes on the way")
        stages = task.backbone.stages
        return Tuning(
            every_parameter(task),
            rates=stage_rates(stages, self.rate_decay, first=1.0),
            unfreezing=lambda step, steps: self._unfrozen(stages, step, steps),
        )

    def _unfrozen(self, stages: Sequence[Sequence[str]], step: int, steps: int) -> list[str] | None:
        count = self.learning(step, steps, len(stages))
        if step > 0 and count == self.learning(step - 1, steps, len(stages)):
            return None
        return [name for stage in stages[len(stages) - count :] for name in stage]

    def learning(self, step: int, steps: int, stages: int) -> int:
        """Return how many stages, from the last on, learn at a step (0-based)."""
        return min(stages, int(stages * (step / steps) / self.until))
