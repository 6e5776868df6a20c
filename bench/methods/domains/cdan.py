"""CDAN: features and predictions together by which a critic can't tell the domains apart."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from bench.contracts.training import Task
from bench.methods.descriptions import Aligning, Pair
from bench.methods.kinds import Aligned

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

LARGEST_PRODUCT = 4096
"""Features times classes up to which the critic sees all products, as in the paper."""
RANDOM_PRODUCTS = 1024


@dataclass(frozen=True)
class Cdan(Aligned):
    """Conditional adversarial adaptation (Long et al., 2018): the critic sees the product of features and predictions.

    Of more than 4,096 products it sees 1,024 random ones. `entropy` (CDAN+E) lets images count more whose prediction is
    certain. No gradient passes through the predictions. Schedule and critic are those of the paper, whose weight is 1;
    0.3 is by the suite `glyph_fonts` (docs/methods.md).
    """

    weight: Annotated[float, Ge(0)] = 0.3
    hidden: tuple[Annotated[int, Ge(1)], ...] = (1024, 1024)
    entropy: bool = True

    def aligning(self, task: Task) -> Aligning:
        """Have a critic tell the domains apart by features and predictions."""
        import torch

        from bench.methods.domains.adversarial import against_critic, make_critic

        joined, width = joiner(task.backbone.width, task.n_classes, task.seed_of("products"), task.device)
        critic = make_critic(width, self.hidden, task.seed_of("critic"))

        def seen(pair: Pair, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
            shares = torch.cat([pair.source_logits, pair.target_logits]).softmax(1).detach()
            return joined(features, shares), certainty(shares) if self.entropy else None

        return against_critic(critic, self.weight, seen)


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
    # products of random maps then have, on average, the inner products of all of them
    scale = RANDOM_PRODUCTS**-0.5
    return lambda features, shares: (features @ of_features) * (shares @ of_shares) * scale, RANDOM_PRODUCTS


def certainty(shares: "torch.Tensor") -> "torch.Tensor":
    """Return 1 + exp(-entropy) of predictions (B, C), from 1 + 1 / C to 2."""
    # clamped, as 0 log 0 would not be a number
    return 1 + (shares * shares.clamp(min=1e-12).log()).sum(1).exp()
