"""DAN: features of both domains with the same distribution, by the maximum mean discrepancy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt, Len

from bench.contracts.training import Task
from bench.methods.descriptions import Aligning
from bench.methods.kinds import Aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch


@dataclass(frozen=True)
class Mmd(Aligned):
    """The deep adaptation network (Long et al., 2015): the maximum mean discrepancy of the features, multi-kernel.

    Gaussian kernels whose bandwidths are `scales` of the mean squared distance, added with equal weights: those of the
    Transfer-Learning-Library (Jiang et al., 2022), where the paper learns the weights. On the features, with the
    biased estimate of Gretton et al. (2012), which is never negative. The weight is by the suite `glyph_fonts`
    (docs/methods.md).
    """

    weight: Annotated[float, Ge(0)] = 0.3
    scales: Annotated[tuple[Annotated[float, Gt(0)], ...], Len(1)] = (0.125, 0.25, 0.5, 1.0, 2.0)

    def aligning(self, task: Task) -> Aligning:
        """Bring the distributions together."""
        return Aligning(lambda pair: self.weight * mmd(pair.source_features, pair.target_features, self.scales))


def mmd(source: "torch.Tensor", target: "torch.Tensor", scales: "Sequence[float]") -> "torch.Tensor":
    """Return the squared discrepancy between (B, D) and (T, D), summed over the kernels."""
    import torch

    rows = torch.cat([source, target])
    norms = rows.square().sum(1)
    # of rows that are nearly equal the difference can come out below zero
    distances = (norms[:, None] + norms[None, :] - 2 * rows @ rows.T).clamp(min=0)
    mean = distances.detach().mean().clamp(min=1e-12)
    kernel = torch.stack([torch.exp(-distances / (2 * scale * mean)) for scale in scales]).sum(0)
    count = len(source)
    return kernel[:count, :count].mean() + kernel[count:, count:].mean() - 2 * kernel[:count, count:].mean()
