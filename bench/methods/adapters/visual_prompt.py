"""Visual prompt tuning: learnt tokens beside those of the image."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Lt

from bench.methods.descriptions import Adding, Tokens
from bench.methods.kinds import Adapting


@dataclass(frozen=True)
class VisualPrompt(Adapting):
    """`tokens` learnt tokens at the input of the first block, `deep`: of each block (VPT, Jia et al., 2022).

    At the end of their last block they are dropped. They start uniform at random, as there; 10 tokens are of the range
    that the paper chooses from (1 to 200). It chooses the rate of SGD for each data set; here it is `lora`'s, of AdamW.
    For ViTs. Normalisation is frozen.
    """

    tokens: Annotated[int, Ge(1)] = 10
    deep: bool = True
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0

    name: ClassVar[str] = "visual_prompt"

    def adding(self) -> Adding:
        """Add tokens."""
        return Adding(Tokens(self.tokens, self.deep, self.dropout))
