"""Deep CORAL: features of both domains with the same covariance."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge

from bench.contracts.training import Task
from bench.methods.descriptions import Aligning, Pair
from bench.methods.kinds import Aligned

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Coral(Aligned):
    """Deep CORAL (Sun and Saenko, ECCV workshops 2016): a loss between the covariances of source and target.

    CORAL itself (Sun, Feng and Saenko, AAAI 2016) whitens and recolours fixed features in closed form; here the network
    learns them so that there is nothing to recolour. On the classifier's outputs, as in the paper; the weight by the
    suite `glyph_fonts` (docs/methods.md).
    """

    weight: Annotated[float, Ge(0)] = 1.0
    layer: Literal["logits", "features"] = "logits"

    def aligning(self, task: Task) -> Aligning:
        """Bring the covariances together."""
        return Aligning(self.distance)

    def distance(self, pair: Pair) -> "torch.Tensor":
        """Return the weighted loss."""
        source, target = getattr(pair, f"source_{self.layer}"), getattr(pair, f"target_{self.layer}")
        return self.weight * coral_loss(source, target)


def coral_loss(source: "torch.Tensor", target: "torch.Tensor") -> "torch.Tensor":
    """Return the squared Frobenius distance of the covariances of (B, D) and (T, D), over 4 D^2."""
    width = source.shape[1]
    return (_covariance(source) - _covariance(target)).square().sum() / (4 * width**2)


def _covariance(rows: "torch.Tensor") -> "torch.Tensor":
    centred = rows - rows.mean(0)
    return centred.T @ centred / (len(rows) - 1)
