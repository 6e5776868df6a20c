"""Which images of the training set to label: the rules of the catalogue, one function each."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.data.splits import Index, stratified_budget
from bench.errors import InvalidData
from bench.schema import Budget
from bench.seeding import derive

# the constants of TypiClust, as its authors' code has them
NEIGHBOURS = 20
"""Nearest neighbours whose mean distance tells how typical an image is."""
MOST_CLUSTERS = 500
"""Clusters at most; larger budgets take several images of each."""
EXACT_CLUSTERS = 50
"""Up to so many clusters k-means sees all images at once, beyond them batches of images."""


@dataclass(frozen=True)
class Pool:
    """What a rule chooses from. It may read the labels only to draw the same share of each class."""

    labels: Index
    n_classes: int
    budget: Budget
    seed: int
    features: Callable[[], npt.NDArray[np.float32]]
    """Returns features (N, D) of the cell's own initial backbone; they are made or fetched when it is called."""

    @property
    def count(self) -> int:
        """How many images the budget is."""
        wanted = {
            "fraction": max(1, round(self.budget.value * len(self.labels))) if self.budget.value else 0,
            "labels_per_class": int(self.budget.value) * self.n_classes,
            "labels": int(self.budget.value),
        }[self.budget.kind]
        if wanted > len(self.labels):
            raise InvalidData(f"{self.budget.label}: {wanted} of {len(self.labels)} training images; write fewer")
        return wanted

    def scaled(self) -> npt.NDArray[np.float32]:
        """Return the features with unit length, so that distances compare directions."""
        features = np.asarray(self.features(), np.float32)
        scaled: npt.NDArray[np.float32] = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
        return scaled


def stratified(pool: Pool) -> Index:
    """Return the same share of every class, at random; every larger budget contains the smaller one."""
    return stratified_budget(pool.labels, pool.n_classes, pool.budget, pool.seed)


def at_random(pool: Pool) -> Index:
    """Return images drawn without a look at their class; every larger budget contains the smaller one."""
    order = np.random.default_rng(derive(pool.seed, "at random")).permutation(len(pool.labels))
    return np.sort(order[: pool.count])


def k_center(pool: Pool) -> Index:
    """Return a core-set by greedy k-center (Sener and Savarese, 2018): nested, its first image drawn by the seed."""
    features = pool.scaled()
    chosen = [int(np.random.default_rng(derive(pool.seed, "k-center")).integers(len(features)))]
    distances = np.full(len(features), np.inf, np.float32)
    while len(chosen) < pool.count:
        distances = np.minimum(distances, _squared(features, features[chosen[-1]]))
        distances[chosen] = -1.0  # never again, even where all that are left are copies of chosen ones
        chosen.append(int(distances.argmax()))
    return np.sort(np.asarray(chosen[: pool.count], np.int64))


def herding(pool: Pool) -> Index:
    """Return images whose mean stays near the mean of all (Welling, 2009): nested, the same for every seed."""
    features = pool.scaled()
    mean = features.mean(0)
    total = np.zeros_like(mean)
    free = np.ones(len(features), bool)
    chosen: list[int] = []
    for number in range(1, pool.count + 1):
        distances = _squared(features, number * mean - total)
        distances[~free] = np.inf
        chosen.append(int(distances.argmin()))
        free[chosen[-1]] = False
        total += features[chosen[-1]]
    return np.sort(np.asarray(chosen, np.int64))


def typiclust(pool: Pool) -> Index:
    """Return the most typical image of each of as many clusters (TypiClust, Hacohen et al., 2022): not nested.

    Typical is what lies near its nearest neighbours within the cluster. The largest clusters give first.
    """
    if pool.count == 0:
        return np.empty(0, np.int64)
    features = pool.scaled()
    clusters = _clusters(features, min(pool.count, MOST_CLUSTERS), derive(pool.seed, "typiclust"))
    ranked = [group[np.argsort(-_typicality(features[group]), kind="stable")] for group in clusters]
    turns = sorted(
        (position, cluster, int(image)) for cluster, group in enumerate(ranked) for position, image in enumerate(group)
    )
    return np.sort(np.asarray([image for _, _, image in turns[: pool.count]], np.int64))


def _clusters(features: npt.NDArray[np.float32], count: int, seed: int) -> list[Index]:
    """Return the images of each cluster of k-means, the largest first; empty clusters are left out."""
    from sklearn.cluster import KMeans, MiniBatchKMeans  # seconds, which cells with another rule need not wait

    kind = KMeans if count <= EXACT_CLUSTERS else MiniBatchKMeans
    # scikit-learn takes seeds of 32 bits
    members: Index = kind(count, n_init=1, random_state=seed % 2**32).fit(features).labels_
    groups = [np.flatnonzero(members == cluster) for cluster in range(count)]
    return sorted((group for group in groups if len(group)), key=lambda group: -len(group))


def _typicality(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the inverse of each image's mean distance to its nearest neighbours, (N,)."""
    from sklearn.neighbors import NearestNeighbors

    if len(features) == 1:
        return np.ones(1)
    near = min(NEIGHBOURS, len(features) - 1)
    distances, _ = NearestNeighbors(n_neighbors=near + 1).fit(features).kneighbors(features)
    # the nearest of all is the image itself; copies of one image lie at no distance from each other
    typicality: npt.NDArray[np.float64] = 1 / np.maximum(distances[:, 1:].mean(1), 1e-12)
    return typicality


def _squared(features: npt.NDArray[np.float32], point: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    distances: npt.NDArray[np.float32] = np.square(features - point).sum(1)
    return distances
