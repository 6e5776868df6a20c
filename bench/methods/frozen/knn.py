"""Weighted nearest neighbours on frozen features."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Len

from bench.methods.descriptions import Nearest
from bench.methods.kinds import Probing


@dataclass(frozen=True)
class Knn(Probing):
    """The labels of the `k` most similar images, weighted by exp(cosine / temperature) (Wu et al., 2018).

    `temperature` is the paper's; of `k`, clipped to the labels there are, the best on validation is taken, of equals
    the smallest, and all labels of the budget are then the neighbours. Where the budget is too small to validate,
    `default_k` is taken: the paper's 200, which comes to all of them. `layer` names stages in place of the network's
    features, as the linear probe's.
    """

    k: Annotated[tuple[Annotated[int, Ge(1)], ...], Len(1)] = (1, 5, 20, 200)
    default_k: Annotated[int, Ge(1)] = 200
    temperature: Annotated[float, Gt(0)] = 0.07
    layer: int | Annotated[tuple[int, ...], Len(1)] | None = None

    solved: ClassVar[bool] = True

    def probe(self) -> Nearest:
        """Compare with labelled images."""
        return Nearest(self.k, self.default_k, self.temperature, self.layer)
