"""MEMO: the network tuned anew for each single test image."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt

from bench.contracts.training import Inputs, Task
from bench.data.batches import fetch
from bench.methods.descriptions import Answering
from bench.methods.kinds import AtTestTime
from bench.seeding import derive

if TYPE_CHECKING:
    import torch
    from torch import nn


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

    name: ClassVar[str] = "memo"

    def answering(self) -> Answering:
        """Adapt anew for each image."""
        adapts: Literal["all", "scales"] = "all" if self.adapts == "all" else "scales"
        return Answering(self.answer, adapts, self.views, only_chosen=True)

    def answer(self, task: Task, module: "nn.Module", inputs: Inputs, count: int) -> "torch.Tensor":
        """Return logits (N, C), each of a network that has seen its image alone."""
        import torch

        from bench.methods.test_time.at_test_time import marginal_entropy, norm_parameters, predicted, put_back, update

        module.requires_grad_(False)  # nothing but what adapts needs a gradient
        chosen = list(module.parameters()) if self.adapts == "all" else norm_parameters(module)
        learning = [parameter.requires_grad_() for parameter in chosen]
        state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        seed, logits = task.seed_of("test views"), []
        for image in range(count):
            # by the image's number: its answer hangs on no image before it
            generator = torch.Generator().manual_seed(derive(seed, image))
            views = fetch(inputs, np.full(self.copies, image), generator)
            optimizer = torch.optim.SGD(learning, lr=self.rate)
            for _ in range(self.updates):
                update(task, module, views, marginal_entropy, optimizer)
            logits.append(predicted(task, module, fetch(inputs, np.array([image]))))
            put_back(module, state)
            if image % 16 == 0:
                task.progress("adapting", image, count)
        return torch.cat(logits)
