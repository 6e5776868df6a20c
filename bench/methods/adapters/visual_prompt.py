"""Visual prompt tuning: learnt tokens beside those of the image."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Lt

from bench.contracts.training import Fitted, Task


@dataclass(frozen=True)
class VisualPrompt:
    """`tokens` learnt tokens at the input of the first block, `deep`: of each block (VPT, Jia et al., 2022).

    At the end of their last block they are dropped. They start uniform at random, as there; 10 tokens are of the range
    that the paper chooses from (1 to 200). It chooses the rate of SGD for each data set; here it is `lora`'s, of AdamW.
    For ViTs. Normalisation is frozen.
    """

    tokens: Annotated[int, Ge(1)] = 10
    deep: bool = True
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-3, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.adapters.adapting import fit_adapted
        from bench.methods.adapters.prompts import add_prompts

        add_prompts(task, self.tokens, self.deep, self.dropout)
        return fit_adapted(task, "frozen", "visual_prompt")
