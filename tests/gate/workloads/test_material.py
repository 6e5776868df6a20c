"""Images are the same on each call, and nothing of the harness is needed for them."""

from pathlib import Path

import numpy as np

from bench.gate.workloads.material import pictures, scratch
from tests.tools.structure import imports_of, read_modules


def test_pictures_are_the_same_each_time_and_not_all_alike() -> None:
    """uint8 (N, S, S, 3)."""
    first = pictures(3, 16)
    assert (first.shape, first.dtype) == ((3, 16, 16, 3), np.uint8)
    assert np.array_equal(first, pictures(3, 16))
    assert not np.array_equal(first[0], first[1])


def test_it_needs_nothing_of_the_harness() -> None:
    """What one workload alone needs of it keeps from no other."""
    modules = read_modules()
    assert imports_of(modules["gate.workloads.material"], modules) == frozenset()


def test_a_scratch_folder_is_gone_afterwards() -> None:
    with scratch() as folder:
        (Path(folder) / "file").write_text("")
    assert not Path(folder).exists()
