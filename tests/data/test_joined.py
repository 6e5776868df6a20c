"""Several arrays are read as one."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.corruptions import CorruptedImages
from bench.data.joined import Joined


def numbered(*counts: int) -> list[npt.NDArray[np.uint8]]:
    """Return arrays of images, each of which is of one value that no other has."""
    ends = np.cumsum(counts)
    values = np.split(np.arange(sum(counts), dtype=np.uint8), ends[:-1])
    return [np.broadcast_to(part[:, None, None, None], (len(part), 2, 2, 3)) for part in values]


@settings(deadline=None, max_examples=40)
@given(counts=st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any), data=st.data())
def test_rows_are_those_of_the_whole(counts: list[int], data: st.DataObject) -> None:
    """In any order, one of them twice, by positions and by a slice; of arrays some of which are empty."""
    arrays = numbered(*counts)
    joined, whole = Joined(arrays), np.concatenate(arrays)
    assert (len(joined), joined.shape) == (sum(counts), whole.shape)
    index = np.array(data.draw(st.lists(st.integers(0, sum(counts) - 1), max_size=8)), np.int64)
    assert np.array_equal(joined[index], whole[index])
    part = data.draw(st.slices(sum(counts)))
    assert np.array_equal(joined[part], whole[part])


def test_nothing_is_read_but_what_is_asked_for() -> None:
    """Arrays lie in files that are mapped into memory."""

    class Noting:
        def __init__(self, array: npt.NDArray[np.uint8]) -> None:
            self.array, self.shape, self.read = array, array.shape, list[int]()

        def __len__(self) -> int:
            return len(self.array)

        def __getitem__(self, index: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
            self.read += index.tolist()
            return self.array[index]

    parts = [Noting(array) for array in numbered(4, 3)]
    joined = Joined(cast(Any, parts))
    assert [part.read for part in parts] == [[], []]
    assert joined[np.array([5, 1, 5])][:, 0, 0, 0].tolist() == [5, 1, 5]
    assert [part.read for part in parts] == [[1], [1, 1]]


def test_joined_images_can_be_corrupted() -> None:
    """Read by their positions, as arrays are."""
    images = [np.full((2, 8, 8, 3), shade, np.uint8) for shade in (60, 200)]
    ids = [str(number) for number in range(4)]
    joined, whole = (
        CorruptedImages(cast(Any, rows), ids, "gaussian_noise", 2) for rows in (Joined(images), np.concatenate(images))
    )
    assert np.array_equal(joined[np.array([3, 0])], whole[np.array([3, 0])])
