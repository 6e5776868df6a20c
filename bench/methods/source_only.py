"""Source only: what the source's labels alone teach, the baseline of domain adaptation."""

from dataclasses import dataclass
from typing import Any, ClassVar

from bench.contracts import Fitted, Task


@dataclass(frozen=True)
class SourceOnly:
    """Full fine-tuning on the labelled source, and on the target's labels where there are any.

    The lower bound of every paper on domain adaptation, as in Ganin et al. (2016); full fine-tuning's recipe.
    """

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"
    uses_source: ClassVar[bool] = True

    def fit(self, task: Task) -> Fitted:
        """Learn the source."""
        from bench.methods.from_source import fit_from_source

        return fit_from_source(task)
