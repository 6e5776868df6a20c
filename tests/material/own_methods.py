"""Methods that a user might write, each with one fault; suites name them as `tests.material.own_methods:Name`."""

import os
import signal
import time
from dataclasses import dataclass
from typing import Any, ClassVar

from bench.contracts.training import Fitted, Task
from bench.methods.frozen.linear_probe import LinearProbe


@dataclass(frozen=True)
class _Own:
    defaults: ClassVar[dict[str, Any]] = {}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"


@dataclass(frozen=True)
class Tampers(_Own):
    """Claims a frozen backbone and moves one weight or buffer of it."""

    tensor: str = ""

    def fit(self, task: Task) -> Fitted:
        """Learn the task, and cheat."""
        fitted = LinearProbe().fit(task)
        tensor = task.backbone.network.state_dict()[self.tensor]
        tensor[(0,) * tensor.ndim] += 1
        return fitted


@dataclass(frozen=True)
class Kills(_Own):
    """Kills its own process."""

    def fit(self, task: Task) -> Fitted:
        """Never returns."""
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")


@dataclass(frozen=True)
class Raises(_Own):
    """Raises until a file is there."""

    unless: str = ""

    def fit(self, task: Task) -> Fitted:
        """Learn the task where it can."""
        if not os.path.exists(self.unless):
            raise ZeroDivisionError("a fault of the method")
        return LinearProbe().fit(task)


@dataclass(frozen=True)
class Sleeps(_Own):
    """Takes for ever."""

    def fit(self, task: Task) -> Fitted:
        """Never returns."""
        time.sleep(600)
        raise AssertionError("unreachable")


@dataclass(frozen=True)
class Adapts(_Own):
    """A linear probe that asks for a source domain, and refuses to go without."""

    uses_source: ClassVar[bool] = True

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        assert task.source is not None
        return LinearProbe().fit(task)
