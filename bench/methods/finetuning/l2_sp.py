"""L2-SP: full fine-tuning that is pulled back to its starting point."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge

from bench.contracts.training import Task
from bench.methods.descriptions import Penalty, Tuning, every_parameter
from bench.methods.kinds import Finetuning

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class L2Sp(Finetuning):
    """Loss plus alpha / 2 times the squared distance of the backbone's parameters from their start (Li et al., 2018).

    And beta / 2 times the squared parameters of the head, which has no start. Both in place of weight decay; their
    values are those of the Transfer-Learning-Library (Jiang et al., 2022), the recipe full fine-tuning's.
    """

    alpha: Annotated[float, Ge(0)] = 0.01
    beta: Annotated[float, Ge(0)] = 0.01

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "head_learning_rate": 5e-3}

    def tuning(self, task: Task) -> Tuning:
        """Tune everything, with a penalty on the distance from the start."""
        return Tuning(every_parameter(task), penalty=self.pull, head_decay=self.beta)

    def pull(self, backbone: "nn.Module") -> Penalty:
        """Return alpha / 2 times the squared distance of the parameters from where they are now."""
        from bench.methods.gradient import half_square

        parameters = list(backbone.parameters())
        starts = [parameter.detach().clone() for parameter in parameters]
        return lambda step, outputs: (
            self.alpha * half_square(now - start for now, start in zip(parameters, starts, strict=True))
        )
