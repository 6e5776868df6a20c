"""MEMO: the network tuned anew for each single test image."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Gt

from bench.contracts.training import Fitted, Task
from bench.methods.kinds import AtTestTime

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bench.contracts.training import Inputs


@dataclass(frozen=True)
class Memo(AtTestTime):
    """Marginal entropy minimisation with one test point (Zhang et al., 2022): one image, many augmentations of it.

    All parameters (`adapts: norm`: scales and shifts of the normalisation alone) go an SGD step down the entropy of the
    mean prediction; the image itself is answered, and all is put back before the next one. Statistics of batch
    normalisation stay. The number of copies is the paper's for small images; its augmentation is AugMix, here one of
    the recipe's. The paper's rate for small images is 50 times as high, too high where gradients are steep
    (docs/methods.md). `base` is what was trained before, with full fine-tuning's recipe. A forward pass takes a
    fraction of this: latency is that of the plain network, `eval_s` tells what the adaptation took.
    """

    copies: Annotated[int, Ge(1)] = 32
    views: Literal["basic", "randaugment", "trivialaugment"] = "randaugment"
    rate: Annotated[float, Gt(0)] = 1e-4
    updates: Annotated[int, Ge(1)] = 1
    adapts: Literal["all", "norm"] = "all"

    def fit(self, task: Task) -> Fitted:
        """Train the base, to be adapted when it is tested."""
        from bench.methods.test_time.at_test_time import adapted, fit_base, need, norm_parameters

        if self.adapts == "norm":
            need(norm_parameters(task.backbone.network), "memo", "normalisation layers with a scale and a shift")

        def answer(module: "nn.Module", inputs: "Inputs", count: int) -> "torch.Tensor":
            return answer_each(task, module, inputs, count, self)

        return adapted(fit_base(task, self.base), answer, self.views, only_chosen=True)


def answer_each(task: Task, module: "nn.Module", inputs: "Inputs", count: int, method: Memo) -> "torch.Tensor":
    """Return logits (N, C), each of a network that has seen its image alone."""
    import numpy as np
    import torch

    from bench.data.batches import fetch
    from bench.machine.devices import autocast
    from bench.methods.test_time.at_test_time import marginal_entropy, norm_parameters, put_back
    from bench.seeding import derive

    module.requires_grad_(False)
    chosen = list(module.parameters()) if method.adapts == "all" else norm_parameters(module)
    learning = [parameter.requires_grad_() for parameter in chosen]
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    seed, logits = task.seed_of("test views"), []
    for image in range(count):
        generator = torch.Generator().manual_seed(derive(seed, image))
        views = fetch(inputs, np.full(method.copies, image), generator)
        optimizer = torch.optim.SGD(learning, lr=method.rate)
        for _ in range(method.updates):
            optimizer.zero_grad(set_to_none=True)
            with autocast(task.device, task.precision):
                predicted = module(views)
            marginal_entropy(predicted).backward()
            optimizer.step()
        with torch.no_grad(), autocast(task.device, task.precision):
            logits.append(module(fetch(inputs, np.array([image]))))
        put_back(module, state)
        if image % 16 == 0:
            task.progress("adapting", image, count)
    return torch.cat(logits)
