"""Co-tuning: the classifier of the source's classes learns beside the new head."""

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge

from bench.contracts import Fitted, Task
from bench.errors import InvalidData

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bench.training import Objective


@dataclass(frozen=True)
class CoTuning:
    """Loss plus `weight` times the source classifier's loss against the source classes that go with the label.

    Co-tuning (You et al., 2020): which go with a target class is what the initial network says of its labelled images,
    on average (the paper's direct way; its calibration needs the source's images). Backbone and source classifier learn
    at one rate. `weight` is that of the Transfer-Learning-Library (Jiang et al., 2022), the recipe full fine-tuning's.
    """

    weight: Annotated[float, Ge(0)] = 2.3

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-4, "head_learning_rate": 5e-3, "weight_decay": 0.01}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "full"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        from bench.methods.gradient import Tuning, every_parameter, fit_backbone, refuse_compile

        refuse_compile(task, "co_tuning", "its loss needs the features")
        if task.backbone.source_head is None:
            raise InvalidData("co_tuning: the initial weights have no classifier; choose weights with one")
        source = copy.deepcopy(task.backbone.source_head)
        going = relationship(source, task)
        # a part of the network while it is trained, so that it learns, and is counted, like any other
        task.backbone.network.add_module("source_head", source)
        tuning = Tuning(every_parameter(task), objective=lambda model: self._objective(task, model, going))
        fitted = fit_backbone(task, tuning)
        del task.backbone.network.source_head
        return fitted

    def _objective(self, task: Task, model: "nn.Sequential", going: "torch.Tensor") -> "Objective":
        from torch.nn import functional

        from bench.backbones.stage_outputs import outputs_of
        from bench.training import classify

        plain = classify(task.training)
        source = task.backbone.network.get_submodule("source_head")
        going = going.to(task.device)

        def loss(step: Any) -> Any:
            with outputs_of(model, ["backbone"]) as outputs:
                fitting = plain(step)
            logits = source(outputs["backbone"])
            return fitting + self.weight * functional.cross_entropy(logits.float(), step.targets @ going)

        return loss


def relationship(source: "nn.Linear", task: Task) -> "torch.Tensor":
    """Return the mean probabilities (C, S) of the source's classes for the labelled images of each class.

    A class without one has zeros: no image teaches it.
    """
    import torch

    features = task.outputs(task.whole, None)[task.fit_index]
    with torch.no_grad():
        shares = source.cpu()(features).softmax(1)
    labels = torch.nn.functional.one_hot(torch.from_numpy(task.labels[task.fit_index]), task.n_classes).float()
    going: torch.Tensor = labels.T @ shares / labels.sum(0).clamp(min=1).unsqueeze(1)
    return going
