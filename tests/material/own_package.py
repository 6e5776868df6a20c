"""A package that somebody publishes: one extension of each kind, by entry points and by its modules."""

from pathlib import Path

POINTS = {
    "datasets": {"squares": "their_parts.data:Squares"},
    "backbone_sources": {"their": "their_parts.networks:Source"},
    "pretraining": {"still": "their_parts.pretraining:Still"},
    "methods": {"theirs": "their_parts.methods:Theirs"},
    "selections": {"first": "their_parts.rules:first"},
    "probes": {"worst": "their_parts.rules:worst"},
    "scores": {"spread": "their_parts.rules:spread"},
    "executors": {"plain": "their_parts.running:Plain"},
    "reports": {"words": "their_parts.reports:words"},
    "sections": {"ours": "their_parts.reports:section"},
    "answers": {"their_count": "their_parts.reports:count"},
}
"""Names by the entry-point group below `bench.`, each with where it lies."""

MODULES = {
    "data": '''
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bench.contracts.data import Places, RawData, Split


@dataclass(frozen=True)
class Squares:
    """Dark and bright squares."""

    each: int = 12

    def fingerprint(self, places: Places) -> str:
        return f"squares {self.each}"

    def load(self, places: Places) -> RawData:
        def part(name, seed):
            draws = np.random.default_rng(seed)
            labels = np.arange(2 * self.each) % 2
            images = [
                Image.fromarray(draws.integers(100 * label, 100 * label + 99, (32, 32, 3)).astype(np.uint8))
                for label in labels
            ]
            return Split(images, labels.astype(np.int64), [f"{name}{place}" for place in range(len(labels))])

        return RawData(("dark", "bright"), part("train", 0), part("test", 1))
''',
    "networks": '''
import fnmatch

from bench.contracts.networks import Backbone, InputSpec
from bench.errors import Unavailable


class Source:
    """One small network, by both of its names."""

    def names(self, pattern):
        return fnmatch.filter(["their:small", "their_parts.networks:Source:small"], pattern)

    def find(self, name, places, download):
        raise Unavailable(f"{name}: nobody publishes weights for it")

    def build(self, name, checkpoint, image_size):
        import torch

        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, 2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
        )
        if checkpoint is not None:
            from safetensors.torch import load_file

            network.load_state_dict(load_file(checkpoint))
        spec = InputSpec((0.5,) * 3, (0.5,) * 3, "bilinear", 1.0, image_size)
        return Backbone(network, 8, (("0.weight", "0.bias"),), spec)
''',
    "pretraining": '''
from dataclasses import dataclass
from typing import ClassVar

from bench.pretraining.contract import Pretrained, PretrainingTask


@dataclass(frozen=True)
class Still:
    """Weights that stay as they are."""

    recipe: int = 1
    labelled: ClassVar[bool] = False

    def train(self, task: PretrainingTask) -> Pretrained:
        return Pretrained([1.0], 0.1)
''',
    "methods": '''
from dataclasses import dataclass
from typing import Any, ClassVar

from bench.methods.frozen.linear_probe import LinearProbe


@dataclass(frozen=True)
class Theirs:
    """A linear probe by another name."""

    strength: float = 1.0
    defaults: ClassVar[dict[str, Any]] = {}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"

    def fit(self, task):
        return LinearProbe().fit(task)
''',
    "rules": '''
import numpy as np


def first(pool):
    """The first images of each class."""
    return np.concatenate([np.flatnonzero(pool.labels == label)[:6] for label in range(pool.n_classes)])


def worst(run):
    """A field that no other fills."""
    return {"corruptions_reason": f"seen by {run.cell.backbone}"}


def spread(features, labels, source=None):
    """How far features lie from one another."""
    return float(features.std())
''',
    "running": '''
from bench.running.executors.inline import InlineExecutor


class Plain:
    """The executor in this process, by another name."""

    name = "plain"

    def __init__(self, workers=1):
        self.workers = 1
        self.inner = InlineExecutor()

    def run(self, jobs, progress):
        return self.inner.run(jobs, progress)

    def close(self):
        self.inner.close()
''',
    "reports": """
from bench.contracts.reports import Section


def count(summary):
    return {"rows": len(summary.rows)}


def section(summary):
    return Section("A title of theirs", lines=(f"{summary.ask(count)['rows']} rows of ours.",))


def words(summary, folder):
    return f"{len(summary.records)} cells, in words"
""",
}


def install(place: Path) -> Path:
    """Put the package into a place for modules, with what tells of its entry points."""
    folder = place / "their_parts"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    for name, text in MODULES.items():
        (folder / f"{name}.py").write_text(f'"""Theirs."""\n{text}')
    info = place / "their_parts-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-parts\nVersion: 1.0\n")
    groups = [
        "\n".join([f"[bench.{group}]", *(f"{name} = {target}" for name, target in points.items())])
        for group, points in POINTS.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups) + "\n")
    return place


SUITE = """\
name: theirs
dataset: {data}
image_size: 32
grid:
  backbone: ['{backbone}']
  weights: ['{weights}@{data}']
  method: [linear_probe, {{name: '{method}', strength: 2.0}}]
  labels_per_class: [6]
  selection: ['{selection}']
probes: ['{probe}']
threads: 1
"""
BY_NAME = {
    "data": "squares",
    "backbone": "their:small",
    "weights": "still",
    "method": "theirs",
    "selection": "first",
    "probe": "worst",
}
BY_PLACE = {
    "data": "their_parts.data:Squares",
    "backbone": "their_parts.networks:Source:small",
    "weights": "their_parts.pretraining:Still",
    "method": "their_parts.methods:Theirs",
    "selection": "their_parts.rules:first",
    "probe": "their_parts.rules:worst",
}
