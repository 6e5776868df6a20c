"""The ridge probe: least squares on frozen features, in closed form."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Le, Len

from bench.methods.descriptions import Solving, Strengths
from bench.methods.kinds import Probing


@dataclass(frozen=True)
class RidgeProbe(Probing):
    """Ridge regression of one-hot labels on standardised frozen features (Hoerl and Kennard, 1970).

    One eigendecomposition serves all values of `l2`, which are in units of the number of features, as the linear
    probe's: cheap enough to screen many backbones, at the price of some accuracy against the logistic loss. The best
    value on validation is fitted again on the whole budget; `default_l2` is for budgets too small to validate.
    `layer` names stages in place of the network's features, as the linear probe's.
    """

    l2: Annotated[tuple[Annotated[float, Gt(0)], ...], Len(1)] = (1e-2, 0.1, 1.0, 10.0, 100.0)
    default_l2: Annotated[float, Gt(0)] = 1.0
    views: Annotated[int, Ge(0), Le(100)] = 0
    layer: int | Annotated[tuple[int, ...], Len(1)] | None = None

    solved: ClassVar[bool] = True

    def probe(self) -> Solving:
        """Solve for a layer, by least squares."""
        return Solving("squares", Strengths(self.l2, self.default_l2), self.views, self.layer)
