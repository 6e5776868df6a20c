"""The linear probe: logistic regression on frozen features."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Len

from bench.methods.descriptions import HALF_DECADES, Layers, Solving, Strengths
from bench.methods.kinds import Probing


@dataclass(frozen=True)
class LinearProbe(Probing):
    """Logistic regression on standardised frozen features (Alain and Bengio, 2016).

    `l2` is scikit-learn's 1/C in units of the number of features D, as standardised features have the squared norm D:
    one grid then serves narrow and wide backbones. Its best value on validation is fitted again on the whole budget, as
    in Kornblith et al. (2019). Where the budget is too small to validate, `default_l2` is taken; it was chosen on
    training images outside of such budgets. `solver: gradient` trains the layer by the suite's recipe in place of
    solving for it, as tutorials do. `views` adds so many augmented copies of the images, whose features are cached too.
    `layer` names stages of the network in place of its features, from 0 (the stem) on or back from -1: their outputs,
    mean over positions or tokens, side by side.
    """

    l2: Annotated[tuple[Annotated[float, Gt(0)], ...], Len(1)] = HALF_DECADES
    default_l2: Annotated[float, Gt(0)] = 0.3
    solver: Literal["lbfgs", "gradient"] = "lbfgs"
    views: Annotated[int, Ge(0), Le(100)] = 0
    layer: int | Annotated[tuple[int, ...], Len(1)] | None = None

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 1e-2}

    @property
    def solved(self) -> bool:
        """Whether it is solved for."""
        return self.solver == "lbfgs"

    def probe(self) -> Solving | Layers:
        """Solve for a layer, or train it."""
        if self.solver == "gradient":
            return Layers(views=self.views, layer=self.layer)
        return Solving("logistic", Strengths(self.l2, self.default_l2), self.views, self.layer)
