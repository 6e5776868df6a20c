"""DELTA: full fine-tuning whose feature maps stay near those of the starting point."""

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge

from bench.contracts.training import Fitted, Task
from bench.errors import InvalidData

if TYPE_CHECKING:
    from torch import nn

    from bench.learning.training import Objective


@dataclass(frozen=True)
class Delta:
    """Loss plus alpha / 2 times the squared distance of feature maps from the start's (Li et al., 2019).

    Summed over the channels and stages (the stem's apart), mean over images and positions or tokens; channels count
    alike, without the paper's attention. And beta / 2 times the squared parameters of the head. Both in place of weight
    decay; their values are those of the Transfer-Learning-Library (Jiang et al., 2022), the recipe full fine-tuning's.
    """

    alpha: Annotated[float, Ge(0)] = 0.01
    beta: Annotated[float, Ge(0)] = 0.01

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "head_learning_rate": 5e-3}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.gradient import Tuning, every_parameter, fit_backbone, refuse_compile

        refuse_compile(task, "delta", "its loss needs the feature maps on the way")
        return fit_backbone(task, Tuning(every_parameter(task), objective=lambda model: self._objective(task, model)))

    def _objective(self, task: Task, model: "nn.Sequential") -> "Objective":
        import torch

        from bench.backbones.stage_outputs import outputs_of, pooled, stage_ends
        from bench.learning.training import classify
        from bench.methods.gradient import half_square

        network = task.backbone.network
        ends = [end for stage, end in stage_ends(task.backbone, task.images.shape[1]).items() if stage > 0]
        if not ends:
            raise InvalidData("delta: no stage of the backbone gives feature maps or tokens; write l2_sp")
        start = copy.deepcopy(network).eval().requires_grad_(False)
        plain = classify(task.training)
        head = list(model.get_submodule("head").parameters())

        def loss(step: Any) -> Any:
            with outputs_of(network, ends) as now:
                fitting = plain(step)
            with torch.no_grad(), outputs_of(start, ends) as then:
                start(step.batch)
            moved = [pooled((now[end].float() - then[end].float()).square()).sum(1).mean() / 2 for end in ends]
            return fitting + self.alpha * sum(moved) + self.beta * half_square(head)

        return loss
