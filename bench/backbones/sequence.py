"""Recurrent networks that read an image row by row: `sequence:lstm`, or with its sizes `sequence:lstm-128x2`."""

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path

from bench.contracts.data import Places
from bench.contracts.networks import Backbone, InputSpec, WeightsFile
from bench.errors import BenchError, Unavailable

PREFIX = "sequence:"
CELLS = ("rnn", "lstm", "gru")
WIDTH, LAYERS = 128, 2
"""Of a network whose name has no sizes."""
NATIVE_SIZE = 32


@dataclass(frozen=True)
class _Sizes:
    """What a name says of the network."""

    cell: str
    width: int
    layers: int


class SequenceSource:
    """An image as a sequence of rows, read by a recurrent network (pixel by pixel in Le et al., 2015).

    `rnn` is Elman's (1990), `lstm` is Hochreiter and Schmidhuber's (1997) with forget gates, `gru` Cho et al.'s (2014).
    Features are the last layer's states, averaged over the rows. No weights are published: they are random or the
    project's own.
    """

    def names(self, pattern: str) -> list[str]:
        """Return the names that match a glob; a name with sizes matches itself."""
        known = [f"{PREFIX}{cell}" for cell in CELLS]
        sized = [pattern] if _parse(pattern) is not None else []
        return sorted({*fnmatch.filter(known, pattern), *sized})

    def find(self, name: str, places: Places, download: bool) -> WeightsFile:
        """Refuse: there are none."""
        raise Unavailable(f"{name}: nobody publishes weights for it; write weights: random or, say, supervised@glyphs")

    def build(self, name: str, checkpoint: Path | None, image_size: int) -> Backbone:
        """Make the network for rows of so many pixels; weights fit no other image size."""
        # a suite is checked by importing this module, and torch is not imported before a cell
        from bench.backbones.building import load_strictly, source_head
        from bench.backbones.recurrent import RowReader

        sizes = _parse(name)
        if sizes is None:
            raise BenchError(f"unknown backbone {name!r}; write {PREFIX}<{'|'.join(CELLS)}>[-<width>x<layers>]")
        network = RowReader(sizes.cell, 3 * image_size, sizes.width, sizes.layers)
        surplus = {} if checkpoint is None else load_strictly(network, checkpoint)
        stages = tuple(
            tuple(f"layers.{place}.{parameter}" for parameter, _ in layer.named_parameters())
            for place, layer in enumerate(network.layers)
        )
        half = (0.5, 0.5, 0.5)
        spec = InputSpec(half, half, "bilinear", 1.0, NATIVE_SIZE)
        return Backbone(network, sizes.width, stages, spec, *source_head(surplus, sizes.width))


def _parse(name: str) -> _Sizes | None:
    found = re.fullmatch(rf"{PREFIX}({'|'.join(CELLS)})(?:-([1-9]\d{{0,4}})x([1-9]\d?))?", name)
    return _Sizes(found[1], int(found[2] or WIDTH), int(found[3] or LAYERS)) if found else None
