"""Linear probe, then full fine-tuning from it."""

from dataclasses import dataclass

from bench.methods.kinds import FromProbe


@dataclass(frozen=True)
class LpFt(FromProbe):
    """All parameters learn from where the linear probe ends: LP-FT (Kumar et al., 2022).

    A head that fits already spares the features the distortion by a blank one's large gradients. The probe is solved
    for on the training part of the budget, its `l2` chosen on validation as the linear probe's. Then full fine-tuning's
    recipe, with one rate for all as in the paper. Batch normalisation keeps the statistics that the probe was fitted on
    (`statistics: adapt` has it take those of the batches): else training would start elsewhere, the farther the more
    the images differ from those that the weights know.
    """
