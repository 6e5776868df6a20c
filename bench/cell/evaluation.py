"""The one opening of the test set."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from bench.contracts.networks import FrozenPart, InputSpec
from bench.contracts.training import Fitted, Inputs
from bench.data.batches import ImageBatches, OutputRows, fetch
from bench.data.decode import Pixels
from bench.learning.features import forward_all
from bench.machine.timing import Phases


class TestSet:
    """Test images that give their labels once."""

    __test__ = False  # not a test class, whatever pytest thinks of the name

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self.openings = 0

    def open(self) -> Pixels:
        """Return images and labels; a second call is an error in the harness."""
        self.openings += 1
        if self.openings > 1:
            raise AssertionError("the test set was opened twice")
        return self._pixels


@dataclass(frozen=True)
class Evaluation:
    """How the candidates did on the test images."""

    labels: npt.NDArray[np.int64]
    """(N,)."""
    logits: torch.Tensor
    """Of the chosen candidate, (N, C) float32."""
    candidate_accuracies: tuple[float, ...]
    """Of all candidates, in the order of training."""
    openings: int
    pixels: Pixels
    """What the one opening gave."""


def evaluate(
    fitted: Fitted,
    test: TestSet,
    spec: InputSpec,
    part_outputs: Callable[[npt.NDArray[np.uint8], FrozenPart], torch.Tensor],
    device: str,
    precision: str,
    phases: Phases,
) -> Evaluation:
    """Score the chosen candidate, then the others for the oracle, which is a phase of its own.

    `part_outputs` returns what the frozen part makes of images. The module is left in the chosen state.
    """

    def score(candidate: int) -> torch.Tensor:
        # a candidate holds what learns; the rest of the module is the same for all of them
        fitted.module.load_state_dict(fitted.states[candidate], strict=False)
        if fitted.adaptation is not None:
            return fitted.adaptation.logits(fitted.module, inputs, len(pixels.labels))
        return forward_all(fitted.module, lambda index: fetch(inputs, index), len(pixels.labels), device, precision)

    with phases.phase("eval"):
        pixels = test.open()
        augmentation = fitted.adaptation.augmentation if fitted.adaptation else "none"
        inputs: Inputs = ImageBatches(pixels.images, spec, device, augmentation)
        if fitted.part is not None:
            inputs = OutputRows(part_outputs(pixels.images, fitted.part), device)
        fitted.module.to(device)
        fitted.module.eval()
        logits = score(fitted.chosen)
    with phases.phase("oracle"):
        others = {i: score(i) for i in range(len(fitted.states)) if i != fitted.chosen}
        # probes look at the chosen one
        fitted.module.load_state_dict(fitted.states[fitted.chosen], strict=False)
    everything = {**others, fitted.chosen: logits}
    accuracies = [float((everything[i].argmax(1).numpy() == pixels.labels).mean()) for i in sorted(everything)]
    return Evaluation(pixels.labels, logits, tuple(accuracies), test.openings, pixels)
