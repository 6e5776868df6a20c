"""Heads that compare features with those of labelled images: in full precision, whatever the backbone's is."""

import contextlib
import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bench.contracts.training import Fitted, Score, Task
from bench.learning.choosing import score_shares, told
from bench.methods.descriptions import Means, Nearest
from bench.methods.gradient import features_at
from bench.methods.solved import Selected, fitted_head, where, whole_budget

FAR = 1e30
"""The squared distance of a class that has no label."""
SMALLEST = 1e-12
"""The share of a class that no neighbour votes for: its logarithm is finite."""


def full_precision(features: torch.Tensor) -> contextlib.AbstractContextManager[object]:
    """Return what keeps products of features exact where the backbone runs in a lower precision."""
    if features.is_meta:  # shapes alone, which have no precision
        return contextlib.nullcontext()
    return torch.autocast(features.device.type, enabled=False)


class Prototypes(nn.Module):
    """Minus the squared distances of features (B, D) to the class means: (B, C)."""

    means: torch.Tensor
    missing: torch.Tensor

    def __init__(self, means: torch.Tensor, missing: torch.Tensor, cosine: bool) -> None:
        super().__init__()
        self.register_buffer("means", means)
        self.register_buffer("missing", missing)
        self.cosine = cosine

    @classmethod
    def of(cls, features: torch.Tensor, labels: torch.Tensor, n_classes: int, cosine: bool) -> "Prototypes":
        """Learn the means from features (N, D) and labels (N,)."""
        rows = functional.normalize(features) if cosine else features
        counts = torch.bincount(labels, minlength=n_classes)
        # sums of many images, in float64: float32 would lose digits with each one
        sums = torch.zeros(n_classes, rows.shape[1], dtype=torch.float64).index_add_(0, labels, rows.double())
        means = (sums / counts.clamp(min=1).unsqueeze(1)).float()
        return cls(functional.normalize(means) if cosine else means, counts == 0, cosine)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        with full_precision(features):
            rows = functional.normalize(features.float()) if self.cosine else features.float()
            # by |x|^2 + |m|^2 - 2 x m a small distance would be the difference of large numbers
            distances = torch.cdist(rows, self.means, compute_mode="donot_use_mm_for_euclid_dist").square()
        return -distances.masked_fill(self.missing, FAR)


class Neighbours(nn.Module):
    """Logarithms of the votes of the `k` nearest labelled images, at most `most`: features (B, D) to (B, C)."""

    bank: torch.Tensor
    votes: torch.Tensor
    used: torch.Tensor
    k: torch.Tensor

    def __init__(self, bank: torch.Tensor, labels: torch.Tensor, n_classes: int, temperature: float, most: int) -> None:
        super().__init__()
        self.register_buffer("bank", functional.normalize(bank))
        self.register_buffer("votes", functional.one_hot(labels, n_classes).float())
        self.register_buffer("used", torch.ones(len(bank), dtype=torch.bool))
        self.most = min(most, len(bank))
        self.register_buffer("k", torch.tensor(self.most))
        self.temperature = temperature

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        with full_precision(features):
            similar = functional.normalize(features.float()) @ self.bank.T
            # which images and how many are a state's to say: candidates share one bank
            similar = similar.masked_fill(~self.used, -torch.inf)
            nearest, places = similar.topk(self.most, dim=1)
            nearest = nearest.masked_fill(torch.arange(self.most, device=nearest.device) >= self.k, -torch.inf)
            shares = (nearest / self.temperature).softmax(1)
            votes = (shares.unsqueeze(2) * self.votes[places]).sum(1)
        return votes.clamp(min=SMALLEST).log()


def fit_means(task: Task, means: Means) -> Fitted:
    """Take the class means of all labels of the budget."""
    part = features_at(task, means.layer)
    index = whole_budget(task)
    labels = torch.from_numpy(task.labels[index])
    head = Prototypes.of(task.outputs(part, None)[index], labels, task.n_classes, means.metric == "cosine")
    selected = Selected([head.state_dict()], 0, None, "nothing to select", {"metric": means.metric})
    return fitted_head(task, part, head, selected)


def fit_nearest(task: Task, nearest: Nearest) -> Fitted:
    """Choose the number of neighbours on what folds hold out; then take all labels of the budget for neighbours."""
    part = features_at(task, nearest.layer)
    features = task.outputs(part, None)
    index = whole_budget(task)
    labels = torch.from_numpy(task.labels[index])
    most = max(*nearest.tried, nearest.default)
    head = Neighbours(features[index], labels, task.n_classes, nearest.temperature, most)
    began = time.perf_counter()
    scores = _tried(task, head, features, nearest.tried) if task.folds else {}
    tune_s = time.perf_counter() - began
    # accuracy alone: votes say little of how sure they are, and of one neighbour are always certain
    chosen = max(scores, key=lambda k: (scores[k].accuracy, -k), default=None)
    k = min(nearest.default, len(index)) if chosen is None else chosen
    every = torch.ones(len(index), dtype=torch.bool)
    return fitted_head(
        task,
        part,
        head,
        Selected(
            states=[{"used": every, "k": torch.tensor(each)} for each in [k, *(each for each in scores if each != k)]],
            chosen=0,
            score=None if chosen is None else scores[chosen],
            selection="default k (too few labels to choose)" if chosen is None else f"best k by accuracy {where(task)}",
            choice={"k": k, **({"path": [{"k": each, **told(scores[each])} for each in scores]} if scores else {})},
            tune_s=tune_s,
        ),
    )


def _tried(task: Task, head: Neighbours, features: torch.Tensor, tried: Sequence[int]) -> dict[int, Score]:
    """Return how each number of neighbours fares on what is held out, where all others are the neighbours."""
    whole = whole_budget(task)
    most = max(len(fold.fit) for fold in task.folds)
    shares: dict[int, list[torch.Tensor]] = {k: [] for k in sorted({min(k, most) for k in tried})}
    for fold in task.folds:
        # the head holds these images too: none of them may be its own neighbour here
        used = torch.from_numpy(np.isin(whole, fold.fit))
        for k, kept in shares.items():
            head.load_state_dict({"used": used, "k": torch.tensor(k)}, strict=False)
            kept.append(head(features[fold.held]).exp().double())
    labels = task.labels[np.concatenate([fold.held for fold in task.folds])]
    return {k: score_shares(torch.cat(kept), labels) for k, kept in shares.items()}
