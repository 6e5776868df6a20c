"""Linear probe, then full fine-tuning from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.contracts.training import Fitted, Task
from bench.methods.kinds import FromProbe

if TYPE_CHECKING:
    from bench.methods.from_probe import ProbeStart


@dataclass(frozen=True)
class LpFt(FromProbe):
    """All parameters learn from where the linear probe ends: LP-FT (Kumar et al., 2022).

    A head that fits already spares the features the distortion by a blank one's large gradients. The probe is solved
    for on the training part of the budget, its `l2` chosen as the linear probe's. Where no checkpoint validates better
    than it, training is declined: the result is the linear probe, fitted on the whole budget. Then full fine-tuning's
    recipe, with one rate for all as in the paper. Batch normalisation keeps the statistics that the probe was fitted on
    (`statistics: adapt` has it take those of the batches): else training would start elsewhere, the farther the more
    the images differ from those that the weights know.
    """

    def finishing(self, task: Task, probe: "ProbeStart") -> Callable[[Fitted], Fitted]:
        """Return what puts the probe of the whole budget in the place of the start, where that is a candidate."""
        from bench.methods.from_probe import or_the_probe

        return lambda fitted: or_the_probe(fitted, 0, probe) if len(task.val_index) else fitted
