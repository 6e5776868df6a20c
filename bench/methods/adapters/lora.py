"""LoRA: low-rank updates of frozen weights."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Lt

from bench.contracts.training import Fitted, Task


@dataclass(frozen=True)
class Lora:
    """W + alpha / rank * B A with A (rank, in) and B (out, rank) learning, B from zero (Hu et al., 2022).

    Rank 8 and alpha 8 as for RoBERTa-base there; the learning rate is ten times that of full fine-tuning, which
    Schulman et al. (2025) find best whatever the network. `targets` are the attention's maps where the network has
    any, as in the paper, else all that are known of its family; or `attention`, `mlp`, `convolutions`, `all`, or a
    regular expression of module names. In a convolution A has its kernel and B is 1 x 1. Normalisation keeps its
    weights and statistics unless `norm: adapt`.
    """

    rank: Annotated[int, Ge(1)] = 8
    alpha: Annotated[float, Gt(0)] = 8.0
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    targets: str = "auto"
    norm: Literal["frozen", "adapt"] = "frozen"

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-3, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.adapters.injection import LowRank, fit_low_rank

        update = LowRank(self.rank, self.alpha, self.dropout, self.targets)
        return fit_low_rank(task, update, self.norm, "lora")
