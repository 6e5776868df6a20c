"""CDAN: features and predictions together by which a critic can't tell the domains apart."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from bench.contracts.training import Fitted, Task
from bench.methods.kinds import FromSource

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

LARGEST_PRODUCT = 4096
"""Features times classes up to which the critic sees all products, as in the paper."""
RANDOM_PRODUCTS = 1024


@dataclass(frozen=True)
class Cdan(FromSource):
    """Conditional adversarial adaptation (Long et al., 2018): the critic sees the product of features and predictions.

    Of more than 4,096 products it sees 1,024 random ones. `entropy` (CDAN+E) lets images count more whose prediction is
    certain. No gradient passes through the predictions. Schedule and critic are those of the paper, whose weight is 1;
    0.3 is by the suite `glyph_fonts` (docs/methods.md).
    """

    weight: Annotated[float, Ge(0)] = 0.3
    hidden: tuple[Annotated[int, Ge(1)], ...] = (1024, 1024)
    entropy: bool = True

    def fit(self, task: Task) -> Fitted:
        """Learn the source, against a critic that knows the predictions."""
        import torch

        from bench.methods.domains.adversarial import domain_loss, make_critic, reversal, reverse_gradient
        from bench.methods.domains.from_source import Aligning, Pair, fit_from_source

        joined, width = joiner(task.backbone.width, task.n_classes, task.seed_of("products"), task.device)
        critic = make_critic(width, self.hidden, task.seed_of("critic"))

        def loss(pair: Pair) -> "torch.Tensor":
            sizes = [len(pair.source_features), len(pair.target_features)]
            shares = torch.cat([pair.source_logits, pair.target_logits]).softmax(1).detach()
            features = torch.cat([pair.source_features, pair.target_features])
            told = critic(joined(reverse_gradient(features, self.weight * reversal(pair.done)), shares))
            of_source, of_target = told.split(sizes)
            return domain_loss(of_source, of_target, certainty(shares) if self.entropy else None)

        return fit_from_source(task, Aligning(loss, critic))


def joiner(
    width: int, n_classes: int, seed: int, device: str
) -> "tuple[Callable[[torch.Tensor, torch.Tensor], torch.Tensor], int]":
    """Return what joins features (B, D) and predictions (B, C) into (B, P), and P."""
    import torch

    if width * n_classes <= LARGEST_PRODUCT:
        return lambda features, shares: (features[:, :, None] * shares[:, None, :]).flatten(1), width * n_classes
    generator = torch.Generator().manual_seed(seed)
    of_features = torch.randn(width, RANDOM_PRODUCTS, generator=generator).to(device)
    of_shares = torch.randn(n_classes, RANDOM_PRODUCTS, generator=generator).to(device)
    scale = RANDOM_PRODUCTS**-0.5
    return lambda features, shares: (features @ of_features) * (shares @ of_shares) * scale, RANDOM_PRODUCTS


def certainty(shares: "torch.Tensor") -> "torch.Tensor":
    """Return 1 + exp(-entropy) of predictions (B, C), from 1 + 1 / C to 2."""
    import torch

    return 1 + torch.exp((shares * shares.clamp(min=1e-12).log()).sum(1))
