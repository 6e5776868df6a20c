"""DANN: features by which a critic can't tell the domains apart."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from bench.contracts.training import Fitted, Task
from bench.methods.kinds import FromSource

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Dann(FromSource):
    """Domain-adversarial training (Ganin et al., 2016): the critic's gradient is reversed before the features.

    The factor of the reversal grows from 0 to `weight` by the paper's schedule; the critic's hidden layer is that of
    its network for digits. The paper's weight is 1; 0.3 is by the suite `glyph_fonts` (docs/methods.md).
    """

    weight: Annotated[float, Ge(0)] = 0.3
    hidden: tuple[Annotated[int, Ge(1)], ...] = (100,)

    def fit(self, task: Task) -> Fitted:
        """Learn the source, against a critic."""
        import torch

        from bench.methods.domains.adversarial import domain_loss, make_critic, reversal, reverse_gradient
        from bench.methods.domains.from_source import Aligning, Pair, fit_from_source

        critic = make_critic(task.backbone.width, self.hidden, task.seed_of("critic"))

        def loss(pair: Pair) -> "torch.Tensor":
            features = torch.cat([pair.source_features, pair.target_features])
            told = critic(reverse_gradient(features, self.weight * reversal(pair.done)))
            of_source, of_target = told.split([len(pair.source_features), len(pair.target_features)])
            return domain_loss(of_source, of_target)

        return fit_from_source(task, Aligning(loss, critic))
