"""What pre-training without labels shares: what it can be set to, and how an objective is trained."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from bench.pretraining.contract import Objective, Pretrained, PretrainingTask
from bench.schema import Training


@dataclass(frozen=True)
class SelfSupervised:
    """How long and how fast: AdamW with a one-cycle schedule (Smith and Topin, 2018)."""

    labelled: ClassVar[bool] = False

    steps: Annotated[int, Ge(1)] = 1250
    """Optimiser steps: the same for every source, so that a small one is seen more often."""
    batch_size: Annotated[int, Ge(2)] = 64
    learning_rate: Annotated[float, Gt(0)] = 2e-3
    weight_decay: Annotated[float, Ge(0)] = 0.01

    def objective(self, task: PretrainingTask) -> Objective:
        """Say what is learnt; heads start at random by the seed that is set."""
        raise NotImplementedError

    def train(self, task: PretrainingTask) -> Pretrained:
        """Change the network's weights in place."""
        # imports torch: suites are validated by these classes without it
        from bench.pretraining.loop import learn_and_settle

        return learn_and_settle(task, self.objective, self.training())

    def training(self) -> Training:
        """Return the recipe that the loop follows."""
        return Training(
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            optimizer="adamw",
            schedule="one_cycle",
        )
