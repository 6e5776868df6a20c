"""MCC: predictions on the target that confuse no class with another."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt

from bench.contracts.training import Task
from bench.methods.descriptions import Aligning
from bench.methods.kinds import Aligned

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Mcc(Aligned):
    """Minimum class confusion (Jin et al., 2020): no alignment of features, but a loss on the target's predictions.

    Temperature and weight are the paper's; the suite `glyph_fonts` confirmed the weight (docs/methods.md).
    """

    weight: Annotated[float, Ge(0)] = 1.0
    temperature: Annotated[float, Gt(0)] = 2.5

    def aligning(self, task: Task) -> Aligning:
        """Ask for clear predictions on the target."""
        return Aligning(lambda pair: self.weight * class_confusion(pair.target_logits, self.temperature))


def class_confusion(logits: "torch.Tensor", temperature: float) -> "torch.Tensor":
    """Return the share of confusion with other classes, 0 to 1, meaned over the classes, of logits (T, C).

    Certain predictions count more: their weight is 1 + exp(-entropy), and no gradient passes through it.
    """
    shares = (logits / temperature).softmax(1)
    weight = 1 + (shares.detach() * shares.detach().clamp(min=1e-12).log()).sum(1).exp()
    weight = weight * len(weight) / weight.sum()
    together = shares.T @ (shares * weight[:, None])
    together = together / together.sum(1, keepdim=True).clamp(min=1e-12)
    return 1 - together.diagonal().mean()
