"""Adapters: small networks between the frozen parts of a backbone."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt

from bench.contracts.training import Fitted, Task


@dataclass(frozen=True)
class Adapter:
    """Bottlenecks of `width` in transformer blocks, 1 x 1 convolutions in those of a CNN; they start as nothing.

    `serial`: y + up(GELU(down(y))) behind the attention and the feed-forward part, with normalisation learning too
    (Houlsby et al., 2019; their width). `parallel`: f(x) + scale * up(ReLU(down(x))) beside the feed-forward part
    (AdaptFormer, Chen et al., 2022; their width and scale; with `norm: frozen`). A CNN has y + a(y) behind convolutions
    with kernels of more than one pixel, or behind the last of inverted bottlenecks, whatever the form (residual
    adapters, Rebuffi et al., 2017). The learning rate is the largest that Houlsby et al. choose from, for few steps.
    """

    form: Literal["serial", "parallel"] = "serial"
    width: Annotated[int, Ge(1)] = 64
    scale: Annotated[float, Gt(0)] = 0.1
    norm: Literal["frozen", "adapt"] = "adapt"

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 3e-3, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.adapters.adapting import fit_adapted
        from bench.methods.adapters.bottlenecks import add_bottlenecks

        add_bottlenecks(task, self.form, self.width, self.scale)
        return fit_adapted(task, self.norm, "adapter")
