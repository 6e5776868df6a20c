"""TENT: scales and shifts of the normalisation that make predictions on test batches certain."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt

from bench.contracts.training import Fitted, Task
from bench.methods.kinds import AtTestTime

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bench.contracts.training import Inputs


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

    def fit(self, task: Task) -> Fitted:
        """Train the base, to be adapted when it is tested."""
        from bench.methods.test_time.at_test_time import adapted, fit_base, need, norm_parameters

        need(norm_parameters(task.backbone.network), "tent", "normalisation layers with a scale and a shift")

        def answer(module: "nn.Module", inputs: "Inputs", count: int) -> "torch.Tensor":
            return minimise_entropy(task, module, inputs, count, self)

        return adapted(fit_base(task, self.base), answer)


def minimise_entropy(task: Task, module: "nn.Module", inputs: "Inputs", count: int, method: Tent) -> "torch.Tensor":
    """Return logits (N, C), those of a batch before what it taught."""
    import torch

    from bench.data.batches import fetch
    from bench.machine.devices import autocast
    from bench.methods.test_time.at_test_time import batch_norms, entropy, norm_parameters, scattered, stream

    module.requires_grad_(False)
    learning = [parameter.requires_grad_() for parameter in norm_parameters(module)]
    for layer in batch_norms(module):
        layer.train()  # the statistics that it gathers are put back with all the rest
    optimizer = torch.optim.Adam(learning, lr=method.rate)
    seen, logits = [], []
    for index in stream(count, method.test_batch, task.seed_of("test order")):
        batch = fetch(inputs, index)
        for _ in range(method.updates):
            with autocast(task.device, task.precision):
                answer = module(batch)
            optimizer.zero_grad(set_to_none=True)
            entropy(answer).mean().backward()
            optimizer.step()
        seen.append(index)
        logits.append(answer.detach())
    return scattered(seen, logits)
