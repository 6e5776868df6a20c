"""What every pre-training objective can be set to."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt

from bench.schema import Training


@dataclass(frozen=True)
class Settings:
    """How long and how fast: AdamW with a one-cycle schedule (Smith and Topin, 2018)."""

    steps: Annotated[int, Ge(1)] = 1250
    """Optimiser steps: the same for every source, so that a small one is seen more often."""
    batch_size: Annotated[int, Ge(2)] = 64
    learning_rate: Annotated[float, Gt(0)] = 2e-3
    weight_decay: Annotated[float, Ge(0)] = 0.01

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
