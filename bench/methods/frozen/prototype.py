"""Nearest class mean on frozen features."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Len

from bench.contracts.training import Fitted, Task


@dataclass(frozen=True)
class Prototype:
    """An image belongs to the class whose mean features are the nearest (Mensink et al., 2013; Snell et al., 2017).

    Logits are minus the squared Euclidean distances, as in prototypical networks; with `metric: cosine` features and
    means have unit length. All labels of the budget make the means, since nothing is selected. A class without a label
    is never predicted. `layer` names stages in place of the network's features, as the linear probe's.
    """

    metric: Literal["euclidean", "cosine"] = "euclidean"
    layer: int | Annotated[tuple[int, ...], Len(1)] | None = None

    defaults: ClassVar[dict[str, Any]] = {}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"
    solved: ClassVar[bool] = True

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        import torch

        from bench.methods.frozen.nearest import Prototypes
        from bench.methods.solved import Selected, features_at, fitted_head, whole_budget

        part = features_at(task, self.layer)
        index = whole_budget(task)
        labels = torch.from_numpy(task.labels[index])
        head = Prototypes.of(task.outputs(part, None)[index], labels, task.n_classes, self.metric == "cosine")
        selected = Selected([head.state_dict()], 0, None, "nothing to select", {"metric": self.metric})
        return fitted_head(task, part, head, selected)
