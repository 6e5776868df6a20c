"""L2-SP: full fine-tuning that is pulled back to its starting point."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge

from bench.contracts.training import Fitted, Task

if TYPE_CHECKING:
    from torch import nn

    from bench.learning.training import Objective


@dataclass(frozen=True)
class L2Sp:
    """Loss plus alpha / 2 times the squared distance of the backbone's parameters from their start (Li et al., 2018).

    And beta / 2 times the squared parameters of the head, which has no start. Both in place of weight decay; their
    values are those of the Transfer-Learning-Library (Jiang et al., 2022), the recipe full fine-tuning's.
    """

    alpha: Annotated[float, Ge(0)] = 0.01
    beta: Annotated[float, Ge(0)] = 0.01

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "head_learning_rate": 5e-3}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.gradient import Tuning, every_parameter, fit_backbone

        return fit_backbone(task, Tuning(every_parameter(task), objective=lambda model: self._objective(task, model)))

    def _objective(self, task: Task, model: "nn.Sequential") -> "Objective":
        from bench.learning.training import classify
        from bench.methods.gradient import half_square

        plain = classify(task.training)
        parameters = list(model.get_submodule("backbone").parameters())
        starts = [parameter.detach().clone() for parameter in parameters]
        head = list(model.get_submodule("head").parameters())

        def loss(step: Any) -> Any:
            moved = half_square(now - start for now, start in zip(parameters, starts, strict=True))
            return plain(step) + self.alpha * moved + self.beta * half_square(head)

        return loss
