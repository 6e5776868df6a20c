"""Source only: what the source's labels alone teach, the baseline of domain adaptation."""

from dataclasses import dataclass
from typing import ClassVar

from bench.contracts.training import Fitted, Task
from bench.methods.kinds import Finetuning


@dataclass(frozen=True)
class SourceOnly(Finetuning):
    """Full fine-tuning on the labelled source, and on the target's labels where there are any.

    The lower bound of every paper on domain adaptation, as in Ganin et al. (2016); full fine-tuning's recipe.
    """

    uses_source: ClassVar[bool] = True

    def fit(self, task: Task) -> Fitted:
        """Learn the source."""
        from bench.methods.domains.from_source import fit_from_source

        return fit_from_source(task)
