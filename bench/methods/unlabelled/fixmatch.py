"""FixMatch: images without labels teach where the network is sure of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le

from bench.contracts.training import Task
from bench.data.batches import ImageBatches, fetch
from bench.data.transforms import cut_out
from bench.errors import InvalidData
from bench.methods.descriptions import Tuning, every_parameter
from bench.methods.kinds import Finetuning

if TYPE_CHECKING:
    import torch

    from bench.learning.training import Objective, Step


@dataclass(frozen=True)
class Fixmatch(Finetuning):
    """What the network says of a weakly augmented image, where it is sure, is the label of a strong one of it.

    FixMatch (Sohn et al., 2020), on the training images outside the label budget: `mu` of them for each labelled image
    of a step, labels taken where their probability is `threshold` or more, their loss weighted by `weight`; the paper's
    values. Weak is the recipe's `augmentation`, which the labelled images have too (`basic` mirrors: for characters
    write another); strong is `strong`, then a square of half the side cut out. All pass through the network as one
    batch, without the paper's average of the weights. The recipe is full fine-tuning's; throughput counts labelled
    images.
    """

    mu: Annotated[int, Ge(1), Le(64)] = 7
    threshold: Annotated[float, Ge(0), Le(1)] = 0.95
    weight: Annotated[float, Gt(0)] = 1.0
    strong: Literal["randaugment", "trivialaugment"] = "randaugment"

    defaults: ClassVar[dict[str, Any]] = {**Finetuning.defaults, "augmentation": "basic"}

    def tuning(self, task: Task) -> Tuning:
        """Tune everything, by labels and by predictions that are sure."""
        if len(task.unlabelled) == 0:
            raise InvalidData("fixmatch: no training image lies outside the label budget; give a smaller budget")
        return Tuning(every_parameter(task), objective=lambda model: self._objective(task))

    def _objective(self, task: Task) -> "Objective":
        import torch

        from bench.learning.recipe import batches, loss_of

        unlabelled = task.unlabelled
        order = batches(unlabelled, self.mu * task.training.batch_size, task.seed_of("unlabelled"))
        weak, strong = (
            ImageBatches(task.images, task.backbone.input, task.device, augmentation, unlabelled)
            for augmentation in (task.training.augmentation, self.strong)
        )

        def loss(step: "Step") -> "torch.Tensor":
            index, generator = next(order), step.generator
            cut = cut_out(fetch(strong, index, generator), generator)
            logits = step.forward(torch.cat([step.batch, fetch(weak, index, generator), cut]))
            labelled, sure, taught = logits.split([len(step.batch), len(index), len(index)])
            return loss_of(task.training, labelled, step.targets) + self.weight * self.consistency(sure, taught)

        return loss

    def consistency(self, sure: "torch.Tensor", taught: "torch.Tensor") -> "torch.Tensor":
        """Return the cross entropy of logits (N, C) against what others (N, C) say, zero where those are unsure."""
        from torch.nn import functional

        probability, label = sure.detach().float().softmax(1).max(1)
        losses = functional.cross_entropy(taught.float(), label, reduction="none")
        return (losses * (probability >= self.threshold)).mean()
