"""Batch spectral shrinkage: full fine-tuning that lets go of the weakest directions of its features."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from bench.contracts.training import Task
from bench.methods.descriptions import Tuning, every_parameter, refuse_compile
from bench.methods.kinds import Finetuning

if TYPE_CHECKING:
    import torch

    from bench.learning.training import Step


@dataclass(frozen=True)
class Bss(Finetuning):
    """Loss plus eta times the squares of the `smallest` singular values of a batch's features (Chen et al., 2019).

    The directions that hold the least of the features are those that transfer the least. `eta` and `smallest` are the
    paper's, the recipe full fine-tuning's.
    """

    eta: Annotated[float, Ge(0)] = 0.001
    smallest: Annotated[int, Ge(1)] = 1

    def tuning(self, task: Task) -> Tuning:
        """Tune everything, with a penalty on weak directions."""
        refuse_compile(task, "bss", "its loss needs the features")
        return Tuning(every_parameter(task), penalty=lambda backbone: self.shrinkage, watched=[""])

    def shrinkage(self, step: "Step", outputs: Mapping[str, "torch.Tensor"]) -> "torch.Tensor":
        """Return eta times the squares of the smallest singular values of the features (B, D)."""
        import torch

        # there is none for bfloat16; they come from the largest on
        values = torch.linalg.svdvals(outputs[""].float())
        penalty: torch.Tensor = self.eta * values[-self.smallest :].square().sum()
        return penalty
