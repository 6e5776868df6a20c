"""Batch spectral shrinkage: full fine-tuning that lets go of the weakest directions of its features."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge

from bench.contracts.training import Fitted, Task
from bench.methods.kinds import Finetuning

if TYPE_CHECKING:
    from torch import nn

    from bench.learning.training import Objective


@dataclass(frozen=True)
class Bss(Finetuning):
    """Loss plus eta times the squares of the `smallest` singular values of a batch's features (Chen et al., 2019).

    The directions that hold the least of the features are those that transfer the least. `eta` and `smallest` are the
    paper's, the recipe full fine-tuning's.
    """

    eta: Annotated[float, Ge(0)] = 0.001
    smallest: Annotated[int, Ge(1)] = 1

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.gradient import Tuning, every_parameter, fit_backbone, refuse_compile

        refuse_compile(task, "bss", "its loss needs the features")
        return fit_backbone(task, Tuning(every_parameter(task), objective=lambda model: self._objective(task, model)))

    def _objective(self, task: Task, model: "nn.Sequential") -> "Objective":
        import torch

        from bench.backbones.stage_outputs import outputs_of
        from bench.learning.training import classify

        plain = classify(task.training)

        def loss(step: Any) -> Any:
            with outputs_of(model, ["backbone"]) as outputs:
                fitting = plain(step)
            values = torch.linalg.svdvals(outputs["backbone"].float())  # from the largest on
            return fitting + self.eta * values[-self.smallest :].square().sum()

        return loss
