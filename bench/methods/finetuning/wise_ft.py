"""WiSE-FT: weights between the linear probe's and the fine-tuned ones."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le, Len

from bench.contracts.training import Fitted, Task
from bench.data.batches import ImageBatches
from bench.methods.kinds import FromProbe

if TYPE_CHECKING:
    import torch

    from bench.methods.from_probe import ProbeStart

State = Mapping[str, "torch.Tensor"]


@dataclass(frozen=True)
class WiseFt(FromProbe):
    """The weights at `alpha` on the way from the linear probe to what fine-tuning makes of it (Wortsman et al., 2022).

    0 is the probe, 1 the fine-tuned network. The best `alpha` on validation is taken, of equals the nearest to
    `default_alpha`; that one, the paper's, where the budget is too small to validate. At 0 it is the linear probe
    itself, fitted on the whole budget. `statistics` as in `lp_ft`;
    where they adapt they are interpolated with the weights, as in the authors' code. The probe's `l2` as in the
    linear probe; the recipe is full fine-tuning's, with one rate for all.
    """

    alpha: Annotated[tuple[Annotated[float, Ge(0), Le(1)], ...], Len(1)] = (0.0, 0.25, 0.5, 0.75, 1.0)
    default_alpha: Annotated[float, Ge(0), Le(1)] = 0.5

    declinable: ClassVar[bool] = False  # `alpha` decides how far to go from the probe, which is its 0

    def finishing(self, task: Task, probe: "ProbeStart") -> Callable[[Fitted], Fitted]:
        """Keep the weights of backbone and probe; return what goes from them towards the fine-tuned ones."""
        layers = {"backbone": task.backbone.network, "head": probe.head}
        start = {
            f"{prefix}.{name}": tensor.detach().clone()
            for prefix, module in layers.items()
            for name, tensor in module.state_dict().items()
        }
        return lambda tuned: self._between(task, tuned, start, probe)

    def _between(self, task: Task, tuned: Fitted, start: "State", probe: "ProbeStart") -> Fitted:
        """Return the fine-tuned network at its best place on the way from the start."""
        from bench.learning.choosing import told
        from bench.learning.training import Checkpoints, validate
        from bench.methods.from_probe import or_the_probe

        inputs = ImageBatches(task.images, task.backbone.input, task.device, wanted=task.val_index)
        # the default need not be in the list, but it must be there where nothing validates
        alphas = sorted({*self.alpha, self.default_alpha} if not len(task.val_index) else self.alpha)
        states, scores = Checkpoints(), []
        end = tuned.states[tuned.chosen]
        began = time.perf_counter()
        for alpha in alphas:
            states.add(interpolated(start, end, alpha))
            if len(task.val_index):
                tuned.module.load_state_dict(states[len(states) - 1], strict=False)
                scores.append(validate(task, tuned.module, inputs))
        accuracies = [score.accuracy for score in scores] or [0.0] * len(alphas)
        chosen = max(range(len(alphas)), key=lambda i: (accuracies[i], -abs(alphas[i] - self.default_alpha)))
        path = [{"alpha": alpha, **told(score)} for alpha, score in zip(alphas, scores, strict=bool(scores))]
        fitted = dataclasses.replace(
            tuned,
            states=states,
            chosen=chosen,
            score=scores[chosen] if scores else None,
            selection="best validation alpha" if scores else "default alpha (too few labels to validate)",
            choice=tuned.choice | {"alpha": alphas[chosen], **({"path": path} if path else {})},
            tune_s=time.perf_counter() - began,
        )
        return or_the_probe(fitted, alphas.index(0.0), probe) if 0.0 in alphas else fitted


def interpolated(start: "State", end: "State", alpha: float) -> "dict[str, torch.Tensor]":
    """Return the state at a share of the way from start to end; counters are those of the end."""
    return {
        name: start[name].to(tensor).lerp(tensor, alpha) if tensor.is_floating_point() else tensor
        for name, tensor in end.items()
    }
