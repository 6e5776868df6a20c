"""Supervised pre-training: classify the source data set."""

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from bench.contracts import Backbone, FrozenPart, Progress, Task, View
from bench.schema import Training
from bench.seeding import derive
from bench.watching import Watch


@dataclass(frozen=True)
class Supervised:
    """Train backbone and head to classify the source's training images, from random weights.

    AdamW at 2e-3 with a one-cycle schedule (Smith and Topin, 2018) and label smoothing (Szegedy et al., 2016).
    """

    epochs: float = 4.0
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    recipe: int = 3
    """Raised whenever the training or what is kept of it changes, since it is part of the weights' key."""

    trains_head: ClassVar[bool] = True

    def train(
        self,
        backbone: Backbone,
        images: npt.NDArray[np.uint8],
        labels: npt.NDArray[np.int64],
        device: str,
        progress: Progress,
    ) -> dict[str, float]:
        """Change the weights of network and source head in place; return the accuracy on images that were held out."""
        from bench.methods.gradient import Tuning, fit_backbone

        seed = derive("pretraining", "supervised")
        order = np.random.default_rng(seed).permutation(len(labels))
        held = max(1, len(labels) // 20)
        task = Task(
            backbone=backbone,
            n_classes=int(labels.max()) + 1,
            images=images,
            labels=labels,
            fit_index=np.sort(order[held:]),
            val_index=np.sort(order[:held]),
            outputs=_no_outputs,
            training=self._training(),
            device=device,
            precision="fp32",
            seed_of=lambda use: derive(seed, use),
            progress=progress,
            watch=Watch(),
        )
        learning = [name for name, _ in backbone.network.named_parameters()]
        fitted = fit_backbone(task, Tuning(learning, head=backbone.source_head))
        fitted.module.load_state_dict(fitted.states[fitted.chosen], strict=False)
        assert fitted.val_accuracy is not None
        return {"held_out_accuracy": fitted.val_accuracy}

    def _training(self) -> Training:
        mine = {name: value for name, value in dataclasses.asdict(self).items() if name != "recipe"}
        return Training(steps=None, schedule="one_cycle", optimizer="adamw", checkpoints=10, **mine)


def _no_outputs(part: FrozenPart, view: View | None) -> Any:
    raise AssertionError("supervised pre-training uses no frozen part")
