"""Only the affine parameters of normalisation layers learn, and the head."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from bench.contracts.training import Task
from bench.errors import InvalidData
from bench.methods.descriptions import Tuning
from bench.methods.kinds import Finetuning

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class NormTuning(Finetuning):
    """Scales and shifts of normalisation layers learn, and the head (Frankle et al., 2021).

    Batch normalisation sees the statistics of the batches, and its running ones adapt. The rate is that of full
    fine-tuning's head for all, ten times that of its backbone, since few parameters must do the work; no weight decay.
    """

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-3}

    def tuning(self, task: Task) -> Tuning:
        """Tune scales and shifts."""
        affine = affine_names(task.backbone.network)
        if not affine:
            raise InvalidData("norm_tuning: no normalisation layer of the backbone has parameters; write linear_probe")
        return Tuning(affine)


def affine_names(network: "nn.Module") -> list[str]:
    """Return the parameters of normalisation layers, which every library calls so: BatchNorm2d, LayerNorm, RmsNorm."""
    return [
        f"{prefix}.{name}"
        for prefix, module in network.named_modules()
        if "norm" in type(module).__name__.lower()
        for name, _ in module.named_parameters(recurse=False)
    ]
