"""Batch normalisation with the statistics of the test batch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge

from bench.contracts.training import Fitted, Task
from bench.methods.kinds import AtTestTime

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bench.contracts.training import Inputs


@dataclass(frozen=True)
class BnAdapt(AtTestTime):
    """Statistics of batches of test images in place of those of the training.

    Schneider et al. (2020): the statistics of the training count as `prior` images beside those of the batch; with none
    it is the prediction-time normalisation of Nado et al. (2020). The prior of 16 is the first paper's. `base` is what
    was trained before, with full fine-tuning's recipe. Test images come in batches of random order.
    """

    prior: Annotated[float, Ge(0)] = 16.0
    test_batch: Annotated[int, Ge(2)] = 64

    def fit(self, task: Task) -> Fitted:
        """Train the base, to be adapted when it is tested."""
        from bench.methods.test_time.at_test_time import adapted, batch_norms, fit_base, need

        need(batch_norms(task.backbone.network), "bn_adapt", "batch normalisation with statistics")

        def answer(module: "nn.Module", inputs: "Inputs", count: int) -> "torch.Tensor":
            return normalised_by_batch(task, module, inputs, count, self)

        return adapted(fit_base(task, self.base), answer)


def normalised_by_batch(
    task: Task, module: "nn.Module", inputs: "Inputs", count: int, method: BnAdapt
) -> "torch.Tensor":
    """Return logits (N, C): each layer mixes what it knows with the statistics of the batch that comes in."""
    import torch

    from bench.data.batches import fetch
    from bench.machine.devices import autocast
    from bench.methods.test_time.at_test_time import batch_norms, scattered, stream

    layers: list[Any] = batch_norms(module)
    known = {layer: (layer.running_mean.clone(), layer.running_var.clone()) for layer in layers}

    def mix(layer: Any, arguments: Any) -> None:
        rows = arguments[0].float()
        axes = [axis for axis in range(rows.ndim) if axis != 1]
        share = len(rows) / (len(rows) + method.prior)
        layer.running_mean.copy_(torch.lerp(known[layer][0], rows.mean(axes), share))
        layer.running_var.copy_(torch.lerp(known[layer][1], rows.var(axes, correction=0), share))

    hooks = [layer.register_forward_pre_hook(mix) for layer in layers]
    seen, logits = [], []
    try:
        with torch.no_grad(), autocast(task.device, task.precision):
            for index in stream(count, method.test_batch, task.seed_of("test order")):
                seen.append(index)
                logits.append(module(fetch(inputs, index)))
    finally:
        for hook in hooks:
            hook.remove()
    return scattered(seen, logits)
