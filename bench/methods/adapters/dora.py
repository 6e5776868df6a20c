"""DoRA: low-rank updates of the directions of frozen weights, and their magnitudes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Lt

from bench.methods.descriptions import Adding, LowRank, Norm
from bench.methods.kinds import Adapting


@dataclass(frozen=True)
class Dora(Adapting):
    """m (W + alpha / rank * B A) / |W + alpha / rank * B A|, with m, A and B learning (Liu et al., 2024).

    |W| is the norm of each row, and m starts there, so that nothing changes at first. Alpha is twice the rank and all
    maps of attention and feed-forward parts are targets, as in the paper; rank, learning rate and what else can be
    set are those of `lora`.
    """

    rank: Annotated[int, Ge(1)] = 8
    alpha: Annotated[float, Gt(0)] = 16.0
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    targets: str = "all"
    norm: Norm = "frozen"

    name: ClassVar[str] = "dora"

    def adding(self) -> Adding:
        """Add updates of directions, and magnitudes."""
        return Adding(LowRank(self.rank, self.alpha, self.dropout, self.targets, decomposed=True), self.norm)
