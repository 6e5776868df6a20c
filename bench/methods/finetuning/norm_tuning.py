"""Only the affine parameters of normalisation layers learn, and the head."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from bench.contracts.training import Fitted, Task
from bench.errors import InvalidData

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class NormTuning:
    """Scales and shifts of normalisation layers learn, and the head (Frankle et al., 2021).

    Batch normalisation sees the statistics of the batches, and its running ones adapt. The rate is that of full
    fine-tuning's head for all, ten times that of its backbone, since few parameters must do the work; no weight decay.
    """

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-3}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.gradient import Tuning, fit_backbone

        affine = affine_names(task.backbone.network)
        if not affine:
            raise InvalidData("norm_tuning: no normalisation layer of the backbone has parameters; write linear_probe")
        return fit_backbone(task, Tuning(affine))


def affine_names(network: "nn.Module") -> list[str]:
    """Return the parameters of normalisation layers, which every library calls so: BatchNorm2d, LayerNorm, RmsNorm."""
    return [
        f"{prefix}.{name}"
        for prefix, module in network.named_modules()
        if "norm" in type(module).__name__.lower()
        for name, _ in module.named_parameters(recurse=False)
    ]
