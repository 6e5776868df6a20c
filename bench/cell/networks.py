"""The networks of a cell: its backbone as it starts, and what its frozen parts give."""

import dataclasses

import torch

from bench.backbones.building import state_sha256
from bench.backbones.sources import source_of
from bench.cell.job import CellJob
from bench.contracts.data import Progress
from bench.contracts.networks import Backbone, WeightsFile
from bench.learning.features import FrozenFeatures
from bench.machine.timing import Phases
from bench.schema import Cell
from bench.seeding import derive


def build(cell: Cell, weights: WeightsFile) -> Backbone:
    """Make the backbone; random weights hang on the seed of initialisation and the backbone's name alone."""
    # set here and not before: whatever else draws from the global generator moves no weight
    torch.manual_seed(derive("weights", cell.backbone, cell.seeds.init))
    backbone = source_of(cell.backbone).build(cell.backbone, weights.path, cell.image_size)
    network = backbone.network.to(cell.device)
    network.to(memory_format=torch.channels_last)
    return dataclasses.replace(backbone)  # made anew, so that its state is what lies on the device


def frozen_features(
    job: CellJob, backbone: Backbone, network: str, progress: Progress, phases: Phases | None = None
) -> FrozenFeatures:
    """Return the features that the cell shares with others; they are extracted when they are asked for.

    Their seconds are charged to the phases where those are given.
    """
    cell = job.cell
    return FrozenFeatures(
        name=cell.backbone,
        network=network,
        backbone=backbone,
        data_key=job.data.path.name,
        device=cell.device,
        precision=cell.precision,
        threads=cell.threads,
        root=job.places.cache_dir,
        progress=progress,
        workers=job.workers,
        charge=phases.charge if phases else None,
    )


def tensor_hashes(backbone: Backbone) -> dict[str, str]:
    """Return the SHA-256 of each tensor that the network was built with, whatever a method has put around it since."""
    state = dict(backbone.state)
    return {name: state_sha256(state, [name]) for name in state}
