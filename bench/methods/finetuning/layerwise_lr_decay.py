"""Full fine-tuning with rates that fall from the head down."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt, Le

from bench.contracts.training import Task
from bench.methods.descriptions import Tuning, every_parameter, stage_rates
from bench.methods.kinds import Finetuning


@dataclass(frozen=True)
class LayerwiseLrDecay(Finetuning):
    """Each stage learns `decay` times as fast as the one behind it, as in ELECTRA (Clark et al., 2020).

    The last stage has `decay` times the recipe's rate. 0.8 is that of ELECTRA's base models; BEiT (Bao et al., 2022)
    brought it to vision transformers. The recipe is full fine-tuning's.
    """

    decay: Annotated[float, Gt(0), Le(1)] = 0.8

    def tuning(self, task: Task) -> Tuning:
        """Tune everything, early stages slower."""
        return Tuning(every_parameter(task), rates=stage_rates(task.backbone.stages, self.decay, first=self.decay))
