"""DoRA: low-rank updates of the directions of frozen weights, and their magnitudes."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Lt

from bench.contracts.training import Fitted, Task


@dataclass(frozen=True)
class Dora:
    """m (W + alpha / rank * B A) / |W + alpha / rank * B A|, with m, A and B learning (Liu et al., 2024).

    |W| is the norm of each row, and m starts there, so that nothing changes at first. Alpha is twice the rank and all
    maps of attention and feed-forward parts are targets, as in the paper; rank, learning rate and what else can be
    set are those of `lora`.
    """

    rank: Annotated[int, Ge(1)] = 8
    alpha: Annotated[float, Gt(0)] = 16.0
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    targets: str = "all"
    norm: Literal["frozen", "adapt"] = "frozen"

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-3, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.adapters.injection import LowRank, fit_low_rank

        update = LowRank(self.rank, self.alpha, self.dropout, self.targets, decomposed=True)
        return fit_low_rank(task, update, self.norm, "dora")
