"""Supervised pre-training: classify the source data set."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from bench.errors import InvalidData
from bench.pretraining.contract import Batch, Pretrained, PretrainingTask
from bench.schema import Training


@dataclass(frozen=True)
class Supervised:
    """Train backbone and head to classify the source's training images, from random weights.

    AdamW at 2e-3 with a one-cycle schedule (Smith and Topin, 2018) and label smoothing (Szegedy et al., 2016); the head
    starts at zero. A twentieth of the images is held out, to tell how well it went.
    """

    labelled: ClassVar[bool] = True

    epochs: float = 4.0
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    recipe: int = 3
    """Raised whenever the training changes, since it is part of the weights' key."""

    def train(self, task: PretrainingTask) -> Pretrained:
        """Change the network's weights in place; return the head, and the accuracy on images that were held out."""
        import torch

        from bench.backbones.building import blank_linear
        from bench.learning.recipe import loss_of
        from bench.pretraining.loop import accuracy, learn

        assert task.labels is not None
        labels, settings = task.labels, self._training()
        classes = int(labels.max()) + 1
        if classes < 2:
            raise InvalidData("supervised: the source has one class only; write another source")
        order = np.random.default_rng(task.seed_of("held out")).permutation(len(labels))
        held, shown = np.split(order, [max(1, len(labels) // 20)])
        head = blank_linear(task.backbone.width, classes)

        def loss(batch: Batch) -> torch.Tensor:
            targets = torch.nn.functional.one_hot(torch.from_numpy(labels[batch.index]), classes).float()
            return loss_of(settings, head(task.backbone.network(batch.images)), targets.to(task.device))

        # no `settle`: it was trained on whole images as they are
        learnt = learn(task, {"head": head}, settings, loss, np.sort(shown))
        return replace(learnt, figures={"held_out_accuracy": accuracy(task, head, held)}, head=head)

    def _training(self) -> Training:
        return Training(
            steps=None,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer="adamw",
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            schedule="one_cycle",
            label_smoothing=self.label_smoothing,
        )
