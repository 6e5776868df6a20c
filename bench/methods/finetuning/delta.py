"""DELTA: full fine-tuning whose feature maps stay near those of the starting point."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge

from bench.contracts.training import Task
from bench.errors import InvalidData
from bench.methods.descriptions import Penalty, Tuning, every_parameter, refuse_compile
from bench.methods.kinds import Finetuning

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bench.learning.training import Step


@dataclass(frozen=True)
class Delta(Finetuning):
    """Loss plus alpha / 2 times the squared distance of feature maps from the start's (Li et al., 2019).

    Summed over the channels and stages (the stem's apart), mean over images and positions or tokens; channels count
    alike, without the paper's attention. And beta / 2 times the squared parameters of the head. Both in place of weight
    decay; their values are those of the Transfer-Learning-Library (Jiang et al., 2022), the recipe full fine-tuning's.
    """

    alpha: Annotated[float, Ge(0)] = 0.01
    beta: Annotated[float, Ge(0)] = 0.01

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "head_learning_rate": 5e-3}

    def tuning(self, task: Task) -> Tuning:
        """Tune everything, with a penalty on the distance of feature maps from the start's."""
        from bench.backbones.stage_outputs import stage_ends

        refuse_compile(task, "delta", "its loss needs the feature maps on the way")
        ends = [end for stage, end in stage_ends(task.backbone, task.images.shape[1]).items() if stage > 0]
        if not ends:
            raise InvalidData("delta: no stage of the backbone gives feature maps or tokens; write l2_sp")
        return Tuning(
            every_parameter(task), penalty=lambda now: self.pull(now, ends), watched=ends, head_decay=self.beta
        )

    def pull(self, backbone: "nn.Module", ends: Sequence[str]) -> Penalty:
        """Return alpha / 2 times the squared distance of feature maps from those of the network as it is now."""
        from bench.backbones.stage_outputs import outputs_of, pooled

        start = copy.deepcopy(backbone).eval().requires_grad_(False)  # so that its passes keep no graph

        def penalty(step: "Step", now: Mapping[str, "torch.Tensor"]) -> "torch.Tensor":
            with outputs_of(start, ends) as then:
                start(step.batch)
            moved = [pooled((now[end].float() - then[end].float()).square()).sum(1).mean() / 2 for end in ends]
            return self.alpha * sum(moved[1:], moved[0])

        return penalty
