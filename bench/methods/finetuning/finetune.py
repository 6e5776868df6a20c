"""Full fine-tuning: every parameter of the backbone learns, with a new head."""

from dataclasses import dataclass

from bench.contracts.training import Task
from bench.methods.descriptions import Tuning, every_parameter
from bench.methods.kinds import Finetuning


@dataclass(frozen=True)
class Finetune(Finetuning):
    """All parameters learn; normalisation layers adapt too.

    AdamW with a cosine schedule and a tenth of warm-up, as in the fine-tuning recipes of ConvNeXt (Liu et al., 2022);
    a new head that learns ten times as fast as the rest, as in the Transfer-Learning-Library (Jiang et al., 2022).
    """

    def tuning(self, task: Task) -> Tuning:
        """Tune everything."""
        return Tuning(every_parameter(task))
