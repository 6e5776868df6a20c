"""DANN: features by which a critic can't tell the domains apart."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from bench.contracts.training import Task
from bench.methods.descriptions import Aligning
from bench.methods.kinds import Aligned


@dataclass(frozen=True)
class Dann(Aligned):
    """Domain-adversarial training (Ganin et al., 2016): the critic's gradient is reversed before the features.

    The factor of the reversal grows from 0 to `weight` by the paper's schedule; the critic's hidden layer is that of
    its network for digits. The paper's weight is 1; 0.3 is by the suite `glyph_fonts` (docs/methods.md).
    """

    weight: Annotated[float, Ge(0)] = 0.3
    hidden: tuple[Annotated[int, Ge(1)], ...] = (100,)

    def aligning(self, task: Task) -> Aligning:
        """Have a critic tell the domains apart by the features."""
        from bench.methods.domains.adversarial import against_critic, make_critic

        critic = make_critic(task.backbone.width, self.hidden, task.seed_of("critic"))
        return against_critic(critic, self.weight, lambda pair, features: (features, None))
