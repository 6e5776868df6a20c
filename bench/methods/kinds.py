"""Kinds of methods: what those of one kind share, and how what they describe is trained.

A method that fits a kind says what sets it apart, as a value of `bench/methods/descriptions.py`; its kind's `fit` does
the rest. One that fits none has a `fit(task)` of its own.

Each `fit` imports what trains, and so torch, when it is called: suites are validated by these classes without it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Gt, Len

from bench.contracts.training import Fitted, Task
from bench.methods.descriptions import (
    HALF_DECADES,
    Adding,
    Aligning,
    Answering,
    Base,
    Probe,
    Strengths,
    Tuning,
    every_parameter,
)

if TYPE_CHECKING:
    from torch import nn

    from bench.methods.from_probe import ProbeStart


@dataclass(frozen=True)
class Finetuning:
    """All of the backbone learns, or a part, with a new head: full fine-tuning's recipe, from weights that matter."""

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def tuning(self, task: Task) -> Tuning:
        """Say what learns, and by which loss."""
        raise NotImplementedError

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.gradient import fit_backbone

        return fit_backbone(task, self.tuning(task))


@dataclass(frozen=True)
class FromProbe:
    """Fine-tunes everything from where the linear probe ends, with one rate for all."""

    l2: Annotated[tuple[Annotated[float, Gt(0)], ...], Len(1)] = HALF_DECADES
    default_l2: Annotated[float, Gt(0)] = 0.3
    statistics: Literal["keep", "adapt"] = "keep"

    declinable: ClassVar[bool] = True
    """Whether the probe is a candidate beside the checkpoints."""
    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def tuning(self, task: Task, head: "nn.Linear") -> Tuning:
        """Tune everything, from a probe on."""
        keep = self.statistics == "keep"
        return Tuning(every_parameter(task), head=head, keep_statistics=keep, declinable=self.declinable)

    def finishing(self, task: Task, probe: "ProbeStart") -> Callable[[Fitted], Fitted]:
        """Look at backbone and probe before they learn; return what is done with them afterwards."""
        raise NotImplementedError

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.from_probe import fit_from_probe

        return fit_from_probe(task, Strengths(self.l2, self.default_l2), self.tuning, self.finishing)


@dataclass(frozen=True)
class Probing:
    """The backbone is frozen, and a classifier is put on its features, which all cells share."""

    defaults: ClassVar[dict[str, Any]] = {}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"

    def probe(self) -> Probe:
        """Say what the classifier is."""
        raise NotImplementedError

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.frozen.probing import fit_probe

        return fit_probe(task, self.probe())


@dataclass(frozen=True)
class Adapting:
    """New parameters in a frozen backbone learn, with a new head."""

    name: ClassVar[str]
    """What messages call the method."""
    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-3, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def adding(self) -> Adding:
        """Say what is put into the backbone."""
        raise NotImplementedError

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.adapters.adapting import fit_adapted

        return fit_adapted(task, self.adding(), self.name)


@dataclass(frozen=True)
class FromSource:
    """Learns the labelled source, and the target's labels where there are any, by full fine-tuning's recipe."""

    defaults: ClassVar[dict[str, Any]] = Finetuning.defaults
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"
    uses_source: ClassVar[bool] = True

    def aligning(self, task: Task) -> Aligning | None:
        """Say what else brings the domains together; null: nothing."""
        return None

    def fit(self, task: Task) -> Fitted:
        """Learn the source."""
        from bench.methods.domains.from_source import fit_from_source

        return fit_from_source(task, self.aligning(task))


@dataclass(frozen=True)
class Aligned(FromSource):
    """Learns the source and brings both domains together; what it draws at random is what `source_only` draws."""

    seeds_as: ClassVar[str] = "source_only"


@dataclass(frozen=True)
class AtTestTime:
    """Adapts to test images what full fine-tuning has trained before, on the target or on a source."""

    base: Base = "finetune"

    name: ClassVar[str]
    """What messages call the method."""
    defaults: ClassVar[dict[str, Any]] = Finetuning.defaults
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    @property
    def uses_source(self) -> bool:
        """Whether it was a source that was learnt."""
        return self.base == "source_only"

    @property
    def seeds_as(self) -> str:
        """The base: what was trained before is the same, digit for digit."""
        return self.base

    def answering(self) -> Answering:
        """Say how test images are answered."""
        raise NotImplementedError

    def fit(self, task: Task) -> Fitted:
        """Train the base, to be adapted when it is tested."""
        from bench.methods.test_time.at_test_time import fit_adaptable

        return fit_adaptable(task, self.base, self.answering(), self.name)
