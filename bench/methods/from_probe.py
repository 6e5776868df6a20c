"""Fine-tuning that starts where the linear probe ends, and may end there."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from bench.contracts.training import Fitted, States, Task
from bench.learning.solvers import logistic
from bench.methods.descriptions import Strengths, Tuning
from bench.methods.gradient import fit_backbone
from bench.methods.solved import Problem, best_of, whole_budget

DECLINED = "training declined: the linear probe, fitted on the whole budget, validates as well or better"


@dataclass(frozen=True)
class ProbeStart:
    """The linear probe, as the start of a training and as what stays where that brings nothing."""

    head: nn.Linear
    """Fitted on the training part alone, so that validation can compare it with what training makes of it."""
    whole: nn.Linear
    """The same on the whole budget: the linear probe itself."""
    l2: float


@dataclass(frozen=True)
class Instead:
    """States, one of which has other values for some of its names."""

    states: States
    place: int
    values: Mapping[str, torch.Tensor]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.states)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Load one."""
        state = self.states[index]
        return {**state, **self.values} if index == self.place else state


def probe_start(task: Task, strengths: Strengths) -> ProbeStart:
    """Solve for the linear probe, as `linear_probe` does, and for its like on the training part."""
    problem = Problem(task, [task.outputs(task.whole, None)], logistic, squares=False)
    key = f"l2 of {strengths}"
    if key not in task.known:
        best = best_of(problem.path(strengths))
        task.known[key] = best.l2 if best else strengths.default
    l2 = float(task.known[key])
    (whole, _), (head, _) = (problem.layers(index, [l2])[0] for index in (whole_budget(task), task.fit_index))
    return ProbeStart(head, whole, l2)


def fit_from_probe(
    task: Task,
    strengths: Strengths,
    tuning: Callable[[Task, nn.Linear], Tuning],
    finishing: Callable[[Task, ProbeStart], Callable[[Fitted], Fitted]],
) -> Fitted:
    """Train everything from the linear probe on; `finishing` sees both before, and gives what is done afterwards."""
    start = probe_start(task, strengths)
    finish = finishing(task, start)  # now, as training changes backbone and head in place
    fitted = finish(fit_backbone(task, tuning(task, start.head)))
    return dataclasses.replace(fitted, choice=fitted.choice | {"l2": start.l2})


def or_the_probe(fitted: Fitted, place: int, start: ProbeStart) -> Fitted:
    """Return a fine-tuned network whose candidate at a place, the start, is the probe of the whole budget.

    What is learnt on all labels is better than on four fifths of them: who declines the training shall not lose that.
    """
    values = {f"head.{name}": tensor.detach().clone() for name, tensor in start.whole.state_dict().items()}
    changes: dict[str, Any] = {"states": Instead(fitted.states, place, values)}
    if fitted.chosen == place:
        changes["selection"] = DECLINED
    return dataclasses.replace(fitted, **changes)
