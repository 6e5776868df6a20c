"""Which source a backbone's name belongs to, and what its initial weights are."""

from pathlib import Path

from bench.catalog import BACKBONE_SOURCES
from bench.contracts.data import Places
from bench.contracts.networks import BackboneSource, WeightsFile
from bench.errors import BenchError, InvalidData
from bench.machine.digests import file_sha256
from bench.modules import guarded

CHECKPOINT_SUFFIXES = (".safetensors", ".pth", ".pt")


def source_of(backbone: str) -> BackboneSource:
    """Return the source that a name's prefix stands for; without a prefix it is timm.

    The prefix of a user's own source is itself a name: `package.module:Class:network`.
    """
    source: BackboneSource = BACKBONE_SOURCES.entry(_prefix(backbone)).call()
    return source


def _prefix(backbone: str) -> str:
    first, *rest = backbone.split(":")
    if len(rest) > 1 and first not in BACKBONE_SOURCES.names():
        return f"{first}:{rest[0]}"
    return first if rest else "timm"


def _is_own(backbone: str) -> bool:
    """Say whether a network comes from a source that is not the project's own."""
    return BACKBONE_SOURCES.entry(_prefix(backbone)).fault is not None


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
    source = source_of(backbone)
    if not _is_own(backbone):
        return source.find(backbone, places, download)
    found = guarded(backbone, lambda: source.find(backbone, places, download))
    if not isinstance(found, WeightsFile):
        raise BenchError(f"{backbone}: its source finds a {type(found).__name__}; return a WeightsFile")
    return found
