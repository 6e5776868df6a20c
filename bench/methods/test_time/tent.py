"""TENT: scales and shifts of the normalisation that make predictions on test batches certain."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Gt

from bench.contracts.training import Inputs, Task
from bench.methods.descriptions import Answering
from bench.methods.kinds import AtTestTime

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Tent(AtTestTime):
    """Entropy minimisation at test time (Wang et al., 2021): online, batch after batch of test images.

    Scales and shifts of the normalisation layers learn by Adam at the paper's rate for small images, one update for
    each batch, whose answer is that of the forward pass of the update; batch normalisation takes the statistics of the
    batch. Layer and group normalisation, which the paper has not, learn too. All is as it was when the stream has
    ended. `base` is what was trained before, with full fine-tuning's recipe. Batches come in random order.
    """

    rate: Annotated[float, Gt(0)] = 1e-3
    updates: Annotated[int, Ge(1)] = 1
    test_batch: Annotated[int, Ge(2)] = 64

    name: ClassVar[str] = "tent"

    def answering(self) -> Answering:
        """Adapt scales and shifts."""
        return Answering(self.answer, adapts="scales")

    def answer(self, task: Task, module: "nn.Module", inputs: Inputs, count: int) -> "torch.Tensor":
        """Return logits (N, C), those of a batch before what it taught."""
        import torch

        from bench.methods.test_time.at_test_time import batch_norms, entropy, in_batches, norm_parameters, update

        module.requires_grad_(False)
        learning = [parameter.requires_grad_() for parameter in norm_parameters(module)]
        for layer in batch_norms(module):
            layer.train()  # the statistics that it gathers are put back with all the rest
        optimizer = torch.optim.Adam(learning, lr=self.rate)

        def learnt(batch: torch.Tensor) -> torch.Tensor:
            for _ in range(self.updates):
                logits = update(task, module, batch, lambda logits: entropy(logits).mean(), optimizer)
            return logits

        return in_batches(task, inputs, count, self.test_batch, learnt)
