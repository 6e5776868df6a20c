"""Which source a backbone's name belongs to, and what its initial weights are."""

from pathlib import Path

from bench.catalog import BACKBONE_SOURCES
from bench.contracts.data import Places
from bench.contracts.networks import BackboneSource, WeightsFile
from bench.errors import InvalidData
from bench.machine.digests import file_sha256

CHECKPOINT_SUFFIXES = (".safetensors", ".pth", ".pt")


def source_of(backbone: str) -> BackboneSource:
    """Return the source that a name's prefix stands for; without a prefix it is timm."""
    prefix, colon, _ = backbone.partition(":")
    source: BackboneSource = BACKBONE_SOURCES.entry(prefix if colon else "timm").load()()
    return source


def is_checkpoint(weights: str) -> bool:
    """Say whether a value of the weights axis names a file."""
    return weights.endswith(CHECKPOINT_SUFFIXES)


def find_weights(backbone: str, weights: str, places: Places, download: bool = True) -> WeightsFile:
    """Find what `pretrained`, `random` or a checkpoint's path stands for; raise `Unavailable`."""
    if weights == "random":
        return WeightsFile(None, None, "random", "random, from the cell's seed")
    if is_checkpoint(weights):
        path = Path(weights).expanduser()
        if not path.is_file() and places.weights_dir is not None:
            path = places.weights_dir / weights
        if not path.is_file():
            raise InvalidData(f"weights {weights}: no such file; correct the path")
        digest = file_sha256(path)
        return WeightsFile(path, digest, digest, f"file {path.name}")
    return source_of(backbone).find(backbone, places, download)
