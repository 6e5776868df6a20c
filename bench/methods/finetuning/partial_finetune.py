"""Partial fine-tuning: the last stages of the backbone learn, what lies before them is frozen."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge

from bench.contracts.training import Fitted, Task
from bench.errors import InvalidData


@dataclass(frozen=True)
class PartialFinetune:
    """The last `stages` of the backbone learn (Yosinski et al., 2014), with full fine-tuning's recipe.

    Stages are the network's own: four and the stem of a ResNet, the blocks of a ViT. Normalisation in the stages that
    learn adapts; in the frozen ones it keeps the statistics of the initial weights.

    Where nothing random comes before the frozen part's end, its outputs are computed once and shared by all cells:
    `prefix: auto` does so where they fit (4 GiB) and the training sees a quarter of the images or more; `cached` does
    it wherever it can be done, `inline` never.
    """

    stages: Annotated[int, Ge(1)] = 1
    prefix: Literal["auto", "cached", "inline"] = "auto"

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "partial"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.gradient import Tuning, fit_backbone

        known = task.backbone.stages
        if self.stages > len(known):
            raise InvalidData(f"partial_finetune: stages {self.stages} of a backbone with {len(known)}; write fewer")
        return fit_backbone(task, Tuning([name for stage in known[-self.stages :] for name in stage], self.prefix))
