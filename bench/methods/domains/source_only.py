"""Source only: what the source's labels alone teach, the baseline of domain adaptation."""

from dataclasses import dataclass

from bench.methods.kinds import FromSource


@dataclass(frozen=True)
class SourceOnly(FromSource):
    """Full fine-tuning on the labelled source, and on the target's labels where there are any.

    The lower bound of every paper on domain adaptation, as in Ganin et al. (2016); full fine-tuning's recipe.
    """
