"""What the fork server imports once, so that a cell's process starts in hundredths of a second.

Nothing here may run a parallel region or touch CUDA: neither survives a fork.
"""

import sys
from types import TracebackType

import safetensors.torch
import scipy.special
import sklearn.datasets
import sklearn.model_selection
import timm
import torch
import torchvision.transforms.v2

import bench.cell.cell
import bench.running.pixels
import bench.running.weights

__all__ = ["bench", "safetensors", "scipy", "sklearn", "timm", "torch", "torchvision"]

_before = sys.excepthook


def _silent_orphan(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show an error as before, unless it is that of a child whose parent is gone."""
    # a child that was being forked when the run was killed reads the end of its pipe: nobody is left to be told
    if not issubclass(kind, EOFError):
        _before(kind, error, trace)


sys.excepthook = _silent_orphan
