"""The linear probe: logistic regression on frozen features."""

import functools
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Len

from bench.contracts.training import Fitted, Task


@dataclass(frozen=True)
class LinearProbe:
    """Logistic regression on standardised frozen features (Alain and Bengio, 2016).

    `l2` is scikit-learn's 1/C in units of the number of features D, as standardised features have the squared norm D:
    one grid then serves narrow and wide backbones. Its best value on validation is fitted again on the whole budget, as
    in Kornblith et al. (2019). Where the budget is too small to validate, `default_l2` is taken; it was chosen on
    training images outside of such budgets. `solver: gradient` trains the layer by the suite's recipe in place of
    solving for it, as tutorials do. `views` adds so many augmented copies of the images, whose features are cached too.
    `layer` names stages of the network in place of its features, from 0 (the stem) on or back from -1: their outputs,
    mean over positions or tokens, side by side.
    """

    l2: Annotated[tuple[Annotated[float, Gt(0)], ...], Len(1)] = (1e-3, 1e-2, 0.1, 1.0, 10.0)
    default_l2: Annotated[float, Gt(0)] = 0.3
    solver: Literal["lbfgs", "gradient"] = "lbfgs"
    views: Annotated[int, Ge(0), Le(100)] = 0
    layer: int | Annotated[tuple[int, ...], Len(1)] | None = None

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 1e-2}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"

    @property
    def solved(self) -> bool:
        """Whether it is solved for."""
        return self.solver == "lbfgs"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        if self.solver == "gradient":
            return self._by_gradient(task)
        from bench.learning.solvers import logistic
        from bench.methods.solved import Strengths, features_at, fit_solved

        solve = functools.partial(
            logistic, progress=lambda done: task.progress("solving", done, max(done, len(self.l2)))
        )
        strengths = Strengths(self.l2, self.default_l2)
        return fit_solved(task, solve, strengths, self.views, features_at(task, self.layer))

    def _by_gradient(self, task: Task) -> Fitted:
        from bench.methods.gradient import blank_head, fit_head
        from bench.methods.solved import features_at

        part = features_at(task, self.layer)
        width = None if self.layer is None else task.outputs(part, None).shape[1]
        return fit_head(task, blank_head(task, width), self.views, part)
