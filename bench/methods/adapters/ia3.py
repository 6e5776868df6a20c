"""(IA)3: factors for the inner activations of a frozen network."""

from dataclasses import dataclass
from typing import Any, ClassVar

from bench.methods.descriptions import Adding, Factors, Norm
from bench.methods.kinds import Adapting


@dataclass(frozen=True)
class Ia3(Adapting):
    """Keys, values and hidden activations of the feed-forward part times factors from one on (Liu et al., 2022).

    Where one map gives queries too, they have factors of their own; a product of a query's and a key's factor can do
    no more than the key's alone. A network without attention and feed-forward parts has factors for the channels of
    its blocks' convolutions. The paper's learning rate (3e-3), no weight decay. Normalisation keeps its weights and
    statistics unless `norm: adapt`.
    """

    norm: Norm = "frozen"

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 3e-3, "head_learning_rate": 5e-3, "weight_decay": 0.0}
    name: ClassVar[str] = "ia3"

    def adding(self) -> Adding:
        """Add factors."""
        return Adding(Factors(), self.norm)
