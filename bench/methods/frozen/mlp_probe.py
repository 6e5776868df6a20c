"""The MLP probe: a small network on frozen features."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le, Len

from bench.methods.descriptions import Layers
from bench.methods.kinds import Probing


@dataclass(frozen=True)
class MlpProbe(Probing):
    """Hidden layers with ReLU on standardised frozen features, a zero-initialised output layer.

    Two layers of 256 by default, trained by AdamW at 1e-3; a non-linear probe as in Hewitt and Liang (2019). With
    `views` each step draws its images from one of so many augmented views, whose features are cached too.
    """

    hidden: Annotated[tuple[Annotated[int, Ge(1)], ...], Len(1)] = (256, 256)
    views: Annotated[int, Ge(0), Le(100)] = 0

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 1e-3, "weight_decay": 0.01}

    def probe(self) -> Layers:
        """Train hidden layers."""
        return Layers(self.hidden, self.views)
