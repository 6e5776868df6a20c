"""Co-tuning: the classifier of the source's classes learns beside the new head."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import numpy.typing as npt
from annotated_types import Ge

from bench.contracts.training import Fitted, Task
from bench.errors import InvalidData
from bench.methods.descriptions import Penalty, Tuning, every_parameter, refuse_compile
from bench.methods.kinds import Finetuning

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bench.learning.training import Step

STRENGTH = 0.01
"""Of the l2 penalty on the logistic regression: inputs are shares between 0 and 1, which want large weights."""


@dataclass(frozen=True)
class CoTuning(Finetuning):
    """Loss plus `weight` times the source classifier's loss against the source classes that go with the label.

    Co-tuning (You et al., 2020): which go with a target class is learnt from what the initial network says of the
    labelled images. `reverse`, the paper's choice, predicts the target class from the source's by logistic regression
    and inverts that by Bayes' rule; `direct` takes the mean over the images of a class. The source's probabilities are
    not calibrated, which needs its images. Backbone and source classifier learn at one rate. `weight` is that of the
    Transfer-Learning-Library (Jiang et al., 2022), the recipe full fine-tuning's.
    """

    weight: Annotated[float, Ge(0)] = 2.3
    relationship: Literal["reverse", "direct"] = "reverse"

    def tuning(self, task: Task) -> Tuning:
        """Tune everything, and the source's classifier beside it."""
        refuse_compile(task, "co_tuning", "its loss needs the features")
        if task.backbone.source_head is None:
            raise InvalidData("co_tuning: the initial weights have no classifier; choose weights with one")
        source = copy.deepcopy(task.backbone.source_head)
        learn = reverse if self.relationship == "reverse" else direct
        going = learn(shares_of(source, task, task.fit_index), task)
        # a part of the network while it is trained, so that it learns, and is counted, like any other
        task.backbone.network.add_module("source_head", source)
        return Tuning(
            every_parameter(task),
            penalty=lambda backbone: self.of_source(source, going.to(task.device)),
            watched=[""],
        )

    def of_source(self, source: "nn.Module", going: "torch.Tensor") -> Penalty:
        """Return the source classifier's loss against the source classes (C, S) that go with the labels."""
        from torch.nn import functional

        def penalty(step: "Step", outputs: Mapping[str, "torch.Tensor"]) -> "torch.Tensor":
            logits = source(outputs[""])
            return self.weight * functional.cross_entropy(logits.float(), step.targets @ going)

        return penalty

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        fitted = super().fit(task)
        # no part of what answers, which has the new head alone
        del task.backbone.network.source_head
        return fitted


def shares_of(source: "nn.Linear", task: Task, index: npt.NDArray[np.int64]) -> "torch.Tensor":
    """Return the probabilities (N, S) of the source's classes for some images."""
    shares: torch.Tensor = source.cpu()(task.outputs(task.whole, None)[index]).softmax(1)
    return shares.detach()


def direct(shares: "torch.Tensor", task: Task) -> "torch.Tensor":
    """Return the mean shares (C, S) of the images of each class; zeros for a class without one: no image teaches it."""
    # one row of ones and zeros for each image
    labels = shares.new_tensor(np.eye(task.n_classes)[task.labels[task.fit_index]])
    going: torch.Tensor = labels.T @ shares / labels.sum(0).clamp(min=1).unsqueeze(1)
    return going


def reverse(shares: "torch.Tensor", task: Task) -> "torch.Tensor":
    """Return the source's classes given the target's (C, S), by Bayes' rule from the target's given the source's."""
    from bench.learning.solvers import logistic

    mean = shares.double().mean(0)
    labels = shares.new_tensor(task.labels[task.fit_index]).long()
    (solved,) = logistic(shares.double() - mean, labels, task.n_classes, [STRENGTH])
    target_given_source = (solved.weight.T + solved.bias - solved.weight @ mean).softmax(1)
    joint = target_given_source * mean.unsqueeze(1)
    return (joint / joint.sum(0)).T.float()
