"""A cell as a value: `CellJob` goes into `run_cell`, `CellResult` comes out, and probes read a `CellRun`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from bench.cell.tuning import Tuned
from bench.contracts.data import Places
from bench.contracts.networks import Backbone, WeightsFile
from bench.contracts.training import Fitted, Task
from bench.data.decode import Decoded
from bench.data.duplicates import Duplicates
from bench.machine.timing import Phases
from bench.schema import Cell

# the run makes jobs in a process without torch, which these two import
if TYPE_CHECKING:
    from bench.cell.evaluation import Evaluation
    from bench.learning.features import FrozenFeatures


@dataclass(frozen=True)
class CellJob:
    """A cell with what was made ready for it."""

    cell: Cell
    data: Decoded
    data_fingerprint: str
    weights: WeightsFile
    places: Places
    workers: int
    """Cells side by side in the run, this one included."""
    source: Decoded | None = None
    """The source domain of methods that adapt from one."""
    source_fingerprint: str | None = None
    profiles: Path | None = None
    """Where the run keeps what it measures once for many cells; null: nothing is kept, and no cell is profiled."""
    learnt_from: tuple[Decoded, ...] = ()
    """What the project's own initial weights were trained on."""
    own_validation: int = 0
    """How many images the user brought to select on; they stand behind the training images."""
    duplicates: Duplicates | None = None
    """Test images that stand in the training set."""


@dataclass(frozen=True)
class CellResult:
    """Fields of the record, and the bulk for its side file."""

    fields: dict[str, Any]
    arrays: dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class CellRun:
    """A cell that has run, as probes see it."""

    cell: Cell
    job: CellJob
    task: Task
    """What the method saw."""
    backbone: Backbone
    fitted: Fitted
    evaluation: "Evaluation"
    features: "FrozenFeatures"
    phases: Phases
    n_classes: int
    n_labels: int
    seen: Mapping[str, int]
    """Images of `train`, and of `source`, that the cell would have to work on alone: where it shares nothing."""
    fit_index: npt.NDArray[np.int64]
    val_index: npt.NDArray[np.int64]
    train_ids: Sequence[str]
    """Of the images whose labels were seen."""
    test_ids: Sequence[str]
    frozen_unchanged: bool
    """Whether all that had to stay is bit for bit what it was."""
    baseline_rss_mib: float
    """Resident memory of the process before the cell began."""
    workers: int
    tuned: Tuned
    """What was tried before, and chosen."""
    profile: Mapping[str, Any]
    """Fields of the record that are measured once for cells that differ in seed, weights or budget only."""


class Probe(Protocol):
    """One measurement."""

    def __call__(self, run: CellRun) -> dict[str, Any]:
        """Return fields of the record."""
