"""Features of a frozen network, computed and kept as cells share them."""

from pathlib import Path

from bench.contracts.networks import FrozenPart
from bench.gate.workloads.conditions import Conditions, Unit
from bench.gate.workloads.material import pictures, scratch
from bench.gate.workloads.residual import network
from bench.learning.features import FrozenFeatures

SIZE = 48
BATCHES = 2


def prepare(asked: Conditions = Conditions()) -> Unit:  # noqa: B008  # frozen
    """Return what extracts the features of two batches' images into an empty cache."""
    backbone = network(asked, SIZE)
    images = pictures(BATCHES * asked.batch_size, SIZE)
    part = FrozenPart("features", backbone.network)

    def unit() -> object:
        with scratch() as folder:
            features = FrozenFeatures(
                name="workload",
                network="random",
                backbone=backbone,
                data_key="pictures",
                device=asked.device,
                precision=asked.precision,
                threads=asked.threads,
                root=Path(folder),
                progress=lambda what, done, total: None,
            )
            return features.of("train", images, part)

    return unit
