"""The function that fits each classifier on frozen features, by its description."""

from collections.abc import Callable, Mapping
from typing import Any

from bench.contracts.training import Fitted, Task
from bench.methods.descriptions import Layers, Means, Nearest, Probe, Solving
from bench.methods.frozen.nearest import fit_means, fit_nearest
from bench.methods.gradient import fit_head
from bench.methods.solved import fit_solved

FITS: Mapping[type, Callable[[Task, Any], Fitted]] = {
    Solving: fit_solved,
    Layers: fit_head,
    Nearest: fit_nearest,
    Means: fit_means,
}


def fit_probe(task: Task, probe: Probe) -> Fitted:
    """Put a classifier on the features of the backbone, which stays as it is."""
    return FITS[type(probe)](task, probe)
