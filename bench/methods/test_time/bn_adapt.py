"""Batch normalisation with the statistics of the test batch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge

from bench.contracts.training import Inputs, Task
from bench.methods.descriptions import Answering
from bench.methods.kinds import AtTestTime

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class BnAdapt(AtTestTime):
    """Statistics of batches of test images in place of those of the training.

    Schneider et al. (2020): the statistics of the training count as `prior` images beside those of the batch; with none
    it is the prediction-time normalisation of Nado et al. (2020). The prior of 16 is the first paper's. `base` is what
    was trained before, with full fine-tuning's recipe. Test images come in batches of random order.
    """

    prior: Annotated[float, Ge(0)] = 16.0
    test_batch: Annotated[int, Ge(2)] = 64

    name: ClassVar[str] = "bn_adapt"

    def answering(self) -> Answering:
        """Adapt the statistics."""
        return Answering(self.answer, adapts="statistics")

    def answer(self, task: Task, module: "nn.Module", inputs: Inputs, count: int) -> "torch.Tensor":
        """Return logits (N, C): each layer mixes what it knows with the statistics of the batch that comes in."""
        from bench.methods.test_time.at_test_time import batch_norms, in_batches, predicted

        layers: list[Any] = batch_norms(module)
        known = {layer: (layer.running_mean.clone(), layer.running_var.clone()) for layer in layers}

        def mix(layer: Any, arguments: Any) -> None:
            rows = arguments[0].float()
            axes = [axis for axis in range(rows.ndim) if axis != 1]
            share = len(rows) / (len(rows) + self.prior)
            layer.running_mean.copy_(known[layer][0].lerp(rows.mean(axes), share))
            layer.running_var.copy_(known[layer][1].lerp(rows.var(axes, correction=0), share))

        hooks = [layer.register_forward_pre_hook(mix) for layer in layers]
        try:
            return in_batches(task, inputs, count, self.test_batch, lambda batch: predicted(task, module, batch))
        finally:
            for hook in hooks:
                hook.remove()
