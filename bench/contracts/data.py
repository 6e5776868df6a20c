"""What a data set must offer, and the folders in which it is looked for (`Places`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""


@dataclass(frozen=True)
class Places:
    """Where things lie on this machine. No number may depend on it."""

    data_dir: Path | None
    """Parent of all data sets; for `image_folder` the folder that holds `train/`."""
    weights_dir: Path | None
    """Holds `<backbone>.safetensors` or `.pth` files that are taken before the hub is asked."""
    cache_dir: Path


class Images(Protocol):
    """Images that are opened when they are indexed."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, index: int, /) -> "Image.Image":
        """Open one."""


@dataclass(frozen=True)
class Split:
    """One part of a data set."""

    images: Images
    """N of them."""
    labels: "npt.NDArray[np.int64]"
    """Class indices, shape (N,)."""
    ids: Sequence[str]
    """N names, unique over all the splits: the file, or the position in the source."""
    groups: Sequence[str] | None = None
    """N names; images of one name (a patient, a video) stay on one side of any split. Null: all are apart."""


@dataclass(frozen=True)
class RawData:
    """A data set as its source gives it; `test` is null where the source has one part only."""

    class_names: tuple[str, ...]
    train: Split
    test: Split | None
    notes: tuple[str, ...] = ()
    """What the user should know: files that were left out, a split that was made."""
    validation: Split | None = None
    """A split of the user's own to select on, beside the other two; it selects where a suite says `validation: own`."""


class Dataset(Protocol):
    """A frozen dataclass whose fields are the parameters that a suite may give."""

    def fingerprint(self, places: Places) -> str | None:
        """Return a hash of the contents without decoding them, or null where nothing is there yet."""

    def load(self, places: Places) -> RawData:
        """Find or download the data; raise `Unavailable` or `InvalidData`."""
