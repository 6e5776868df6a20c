"""Several arrays of images read as one: weights may be trained on several sources."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.data.corruptions import CorruptedImages


class Joined:
    """Images of several arrays (N, S, S, 3), numbered through; none is read before it is asked for."""

    # arrays are mapped files: to concatenate them would read all of them into the memory of every process

    def __init__(self, arrays: Sequence[npt.NDArray[np.uint8]]) -> None:
        self._arrays = arrays
        self._ends = np.cumsum([len(array) for array in arrays])

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, S, S, 3) of all together."""
        return (len(self), *self._arrays[0].shape[1:])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, wanted: npt.NDArray[np.int64] | slice) -> npt.NDArray[np.uint8]:
        index = np.arange(len(self))[wanted] if isinstance(wanted, slice) else wanted
        owner = np.searchsorted(self._ends, index, side="right")
        found = np.empty((len(index), *self.shape[1:]), np.uint8)
        for number, array in enumerate(self._arrays):
            mine = owner == number
            found[mine] = array[index[mine] - (self._ends[number] - len(array))]
        return found


Rows = npt.NDArray[np.uint8] | Joined | CorruptedImages
"""Images (N, S, S, 3), read by their positions."""
