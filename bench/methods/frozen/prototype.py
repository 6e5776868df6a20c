"""Nearest class mean on frozen features."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Len

from bench.methods.descriptions import Means
from bench.methods.kinds import Probing


@dataclass(frozen=True)
class Prototype(Probing):
    """An image belongs to the class whose mean features are the nearest (Mensink et al., 2013; Snell et al., 2017).

    Logits are minus the squared Euclidean distances, as in prototypical networks; with `metric: cosine` features and
    means have unit length. All labels of the budget make the means, since nothing is selected. A class without a label
    is never predicted. `layer` names stages in place of the network's features, as the linear probe's.
    """

    metric: Literal["euclidean", "cosine"] = "euclidean"
    layer: int | Annotated[tuple[int, ...], Len(1)] | None = None

    solved: ClassVar[bool] = True

    def probe(self) -> Means:
        """Compare with the means of classes."""
        return Means(self.metric, self.layer)
