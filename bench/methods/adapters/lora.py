"""LoRA: low-rank updates of frozen weights."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Lt

from bench.methods.descriptions import Adding, LowRank, Norm
from bench.methods.kinds import Adapting


@dataclass(frozen=True)
class Lora(Adapting):
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
    norm: Norm = "frozen"

    name: ClassVar[str] = "lora"

    def adding(self) -> Adding:
        """Add updates of weights."""
        return Adding(LowRank(self.rank, self.alpha, self.dropout, self.targets), self.norm)
