"""Partial fine-tuning: the last stages of the backbone learn, what lies before them is frozen."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from bench.contracts.training import Task
from bench.errors import InvalidData
from bench.methods.descriptions import Sharing, Tuning
from bench.methods.kinds import Finetuning


@dataclass(frozen=True)
class PartialFinetune(Finetuning):
    """The last `stages` of the backbone learn (Yosinski et al., 2014), with full fine-tuning's recipe.

    Stages are the network's own: four and the stem of a ResNet, the blocks of a ViT. Normalisation in the stages that
    learn adapts; in the frozen ones it keeps the statistics of the initial weights.

    Where nothing random comes before the frozen part's end, its outputs are computed once and shared by all cells:
    `prefix: auto` does so where they fit (4 GiB) and the training sees a quarter of the images or more; `cached` does
    it wherever it can be done, `inline` never.
    """

    stages: Annotated[int, Ge(1)] = 1
    prefix: Sharing = "auto"

    cost: ClassVar[str] = "partial"

    def tuning(self, task: Task) -> Tuning:
        """Tune the last stages."""
        known = task.backbone.stages
        if self.stages > len(known):
            raise InvalidData(f"partial_finetune: stages {self.stages} of a backbone with {len(known)}; write fewer")
        return Tuning([name for stage in known[-self.stages :] for name in stage], self.prefix)
