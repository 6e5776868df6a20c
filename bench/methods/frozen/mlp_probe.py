"""The MLP probe: a small network on frozen features."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le, Len

from bench.contracts.training import Fitted, Task


@dataclass(frozen=True)
class MlpProbe:
    """Hidden layers with ReLU on standardised frozen features, a zero-initialised output layer.

    Two layers of 256 by default, trained by AdamW at 1e-3; a non-linear probe as in Hewitt and Liang (2019). With
    `views` each step draws its images from one of so many augmented views, whose features are cached too.
    """

    hidden: Annotated[tuple[Annotated[int, Ge(1)], ...], Len(1)] = (256, 256)
    views: Annotated[int, Ge(0), Le(100)] = 0

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 1e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        import torch
        from torch import nn

        from bench.methods.gradient import fit_head

        torch.manual_seed(task.seed_of("init"))
        layers: list[nn.Module] = []
        width = task.backbone.width
        for size in self.hidden:
            layers += [nn.Linear(width, size), nn.ReLU()]
            width = size
        output = nn.Linear(width, task.n_classes)
        nn.init.zeros_(output.weight)
        nn.init.zeros_(output.bias)
        return fit_head(task, nn.Sequential(*layers, output), self.views)
