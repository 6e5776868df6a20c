"""Objectives of a few steps, named in tests as a user's own: `tests.material.own_pretraining:Quick@digits`."""

from dataclasses import dataclass
from typing import ClassVar

from bench.pretraining.contract import Pretrained, PretrainingTask
from bench.pretraining.denoising import Denoising
from bench.pretraining.supervised import Supervised


@dataclass(frozen=True)
class Quick(Denoising):
    """A denoising autoencoder that has learnt nothing yet."""

    steps: int = 4
    batch_size: int = 8

    seen: ClassVar[list[PretrainingTask]] = []
    """What it was asked to train on, in this process."""

    def train(self, task: PretrainingTask) -> Pretrained:
        """Note the task and train."""
        self.seen.append(task)
        return super().train(task)


@dataclass(frozen=True)
class QuickLabels(Supervised):
    """A classifier that has learnt nothing yet."""

    epochs: float = 0.02

    seen: ClassVar[list[PretrainingTask]] = []
    """What it was asked to train on, in this process."""

    def train(self, task: PretrainingTask) -> Pretrained:
        """Note the task and train."""
        self.seen.append(task)
        return super().train(task)
