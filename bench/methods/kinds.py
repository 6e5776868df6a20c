"""What methods of one kind share: their recipe, what they need, what they can be set to."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Gt, Len


@dataclass(frozen=True)
class Finetuning:
    """Full fine-tuning's recipe, on images, from initial weights that matter."""

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"


@dataclass(frozen=True)
class FromSource(Finetuning):
    """Adapts from a labelled source; its random numbers are those of training on the source alone."""

    uses_source: ClassVar[bool] = True
    seeds_as: ClassVar[str] = "source_only"


@dataclass(frozen=True)
class AtTestTime(Finetuning):
    """Adapts what was trained before, by full fine-tuning on the target or on a source."""

    base: Literal["finetune", "source_only"] = "finetune"

    @property
    def uses_source(self) -> bool:
        """Whether it was a source that was learnt."""
        return self.base == "source_only"

    @property
    def seeds_as(self) -> str:
        """The base: what was trained before is the same, digit for digit."""
        return self.base


@dataclass(frozen=True)
class FromProbe:
    """Fine-tunes from the linear probe, with one rate for all."""

    l2: Annotated[tuple[Annotated[float, Gt(0)], ...], Len(1)] = (1e-3, 1e-2, 0.1, 1.0, 10.0)
    default_l2: Annotated[float, Gt(0)] = 0.3
    statistics: Literal["keep", "adapt"] = "keep"

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"
