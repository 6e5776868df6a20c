"""A linear probe, solved: the path of strengths, the choice on validation, the fit on the whole budget."""

import torch

from bench.catalog import METHODS
from bench.gate.workloads.conditions import Conditions, Unit
from bench.gate.workloads.material import CLASSES, pictures
from bench.gate.workloads.residual import network
from bench.gate.workloads.task import task
from bench.schema import Choice, Training
from bench.suites.choices import make

SIZE = 32
IMAGES, VALIDATED = 600, 120
WIDTH = 48
"""Of the features, which are drawn: a noisy teacher's, as in no two classes are parted cleanly."""


def prepare(asked: Conditions = Conditions()) -> Unit:  # noqa: B008  # frozen
    """Return what fits the linear probe of `bench.methods` on features that are there already."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(CLASSES, WIDTH, generator=generator)
    features = centres[torch.arange(IMAGES) % CLASSES] + 2 * torch.randn(IMAGES, WIDTH, generator=generator)
    backbone = network(asked, SIZE)
    given = task(asked, backbone, pictures(IMAGES, SIZE), Training(), lambda part, view: features, VALIDATED)
    method = make(METHODS, Choice("linear_probe"))
    return lambda: method.fit(given)
