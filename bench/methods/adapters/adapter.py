"""Adapters: small networks between the frozen parts of a backbone."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt

from bench.methods.descriptions import Adding, Bottlenecks, Form, Norm
from bench.methods.kinds import Adapting


@dataclass(frozen=True)
class Adapter(Adapting):
    """Bottlenecks of `width` in transformer blocks, 1 x 1 convolutions in those of a CNN; they start as nothing.

    `serial`: y + up(GELU(down(y))) behind the attention and the feed-forward part, with normalisation learning too
    (Houlsby et al., 2019; their width). `parallel`: f(x) + scale * up(ReLU(down(x))) beside the feed-forward part
    (AdaptFormer, Chen et al., 2022; their width and scale; with `norm: frozen`). A CNN has y + a(y) behind convolutions
    with kernels of more than one pixel, or behind the last of inverted bottlenecks, whatever the form (residual
    adapters, Rebuffi et al., 2017). The learning rate is the largest that Houlsby et al. choose from, for few steps.
    """

    form: Form = "serial"
    width: Annotated[int, Ge(1)] = 64
    scale: Annotated[float, Gt(0)] = 0.1
    norm: Norm = "adapt"

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 3e-3, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    name: ClassVar[str] = "adapter"

    def adding(self) -> Adding:
        """Add bottlenecks."""
        return Adding(Bottlenecks(self.form, self.width, self.scale), self.norm)
