"""What all workloads work on: images, and a place for files; the same on each call."""

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

# nothing of the harness is imported here: every workload imports this module, and a version that lacks what one
# workload needs can still be asked for the others

CLASSES = 10
MEMORY_FOLDER = Path("/dev/shm")
"""Where there is one, files lie in memory: a slow disk is not the harness's doing."""


def scratch() -> "tempfile.TemporaryDirectory[str]":
    """Return a temporary folder, in memory where that can be had."""
    return tempfile.TemporaryDirectory(prefix="bench-", dir=MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None)


def pictures(count: int, size: int) -> npt.NDArray[np.uint8]:
    """Return images (N, S, S, 3), coarse patches under fine noise, so that they compress as photographs do."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 224, (count, size // 8, size // 8, 3), dtype=np.uint8)
    noise = generator.integers(0, 32, (count, size, size, 3), dtype=np.uint8)
    grown: npt.NDArray[np.uint8] = coarse.repeat(8, axis=1).repeat(8, axis=2) + noise
    return grown
