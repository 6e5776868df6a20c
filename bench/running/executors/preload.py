"""What the fork server imports once, so that a cell's process starts in hundredths of a second.

Nothing here may run a parallel region or touch CUDA: neither survives a fork.
"""

import sys

import safetensors.torch
import scipy.special
import sklearn.datasets
import sklearn.model_selection
import timm
import torch
import torchvision.transforms.v2

import bench.cell.cell
import bench.running.prepare

# a child that finds its parent gone says nothing
_tell = sys.excepthook
sys.excepthook = lambda kind, error, trace: None if issubclass(kind, EOFError) else _tell(kind, error, trace)

__all__ = ["bench", "safetensors", "scipy", "sklearn", "timm", "torch", "torchvision"]
