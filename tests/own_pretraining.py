"""Ways of pre-training that take a second."""

from dataclasses import dataclass
from typing import ClassVar

from bench.pretraining.supervised import Supervised


@dataclass(frozen=True)
class Quick(Supervised):
    """A few steps of the supervised one."""

    epochs: float = 0.2


@dataclass(frozen=True)
class Headless(Quick):
    """The same, as an objective that classifies nothing."""

    trains_head: ClassVar[bool] = False
