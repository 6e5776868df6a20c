"""Subspace alignment: frozen features of the source, seen in the principal directions of the target."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Len

from bench.contracts.training import Fitted, Task
from bench.errors import InvalidData
from bench.methods.descriptions import HALF_DECADES, Strengths

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SubspaceAlignment:
    """Logistic regression on the source's features, projected on its principal directions and those on the target's.

    Fernando et al. (2013): features standardised within each domain, the first `dimensions` directions of each, the
    source's coordinates times the product of the two bases. The paper has an SVM behind it; here it is the logistic
    regression of the linear probe, its `l2` in units of the feature width chosen on held-out source images, or on the
    target's validation labels where there are any. The target's directions are those of all its training images.
    Few images span fewer directions: `chosen.dimensions` tells.
    """

    dimensions: Annotated[int, Ge(1)] = 80
    l2: Annotated[tuple[Annotated[float, Gt(0)], ...], Len(1)] = HALF_DECADES
    default_l2: Annotated[float, Gt(0)] = 0.3

    defaults: ClassVar[dict[str, Any]] = {}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"
    solved: ClassVar[bool] = True
    uses_source: ClassVar[bool] = True

    def fit(self, task: Task) -> Fitted:
        """Solve on the aligned source."""
        from bench.methods.domains.aligned import fit_aligned

        width = task.backbone.width
        if self.dimensions > width:
            raise InvalidData(f"subspace_alignment: dimensions {self.dimensions} of {width} features; write fewer")
        strengths = Strengths(self.l2, self.default_l2)
        return fit_aligned(task, lambda source, target: align(source, target, self.dimensions), strengths)


def align(source: "torch.Tensor", target: "torch.Tensor", dimensions: int) -> "tuple[torch.Tensor, torch.Tensor]":
    """Return matrices (D, d) that take standardised features (B, D) and (T, D) to coordinates in which they meet."""
    # beyond these nothing varies: such directions would be noise of the arithmetic
    dimensions = min(dimensions, len(source) - 1, len(target) - 1)
    mine, theirs = (_directions(rows, dimensions) for rows in (target, source))
    return theirs @ (theirs.T @ mine), mine


def _directions(rows: "torch.Tensor", dimensions: int) -> "torch.Tensor":
    """Return the first principal directions of centred rows (N, D), orthonormal columns (D, d)."""
    import torch

    vectors: torch.Tensor = torch.linalg.eigh(rows.T @ rows)[1]
    return vectors[:, -dimensions:].flip(1)
