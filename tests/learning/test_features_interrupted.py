"""An extraction that was killed goes on where it stopped, and gives what one in a single go gives."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.networks import Backbone, FrozenPart
from bench.contracts.training import View
from tests.material import networks
from tests.material.frozen_parts import bits, digits, features_of, maps, whole

BATCH, CHUNK, COUNT = 8, 16, 60
BATCHES = 8
PARTS: dict[str, Callable[[Backbone], FrozenPart]] = {"features": whole, "maps": maps}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of eight, chunks of two batches: three of them and a smaller one."""
    monkeypatch.setattr("bench.learning.features.BATCH", BATCH)
    monkeypatch.setattr("bench.learning.features.CHUNK", CHUNK)


class Killed(Exception):
    """In place of a signal."""


class Mortal(torch.nn.Module):
    """A part that computes so many batches and then is killed."""

    def __init__(self, part: torch.nn.Module, batches: float) -> None:
        super().__init__()
        self.part = part
        self.left = batches
        self.done = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.left < 1:
            raise Killed
        self.left -= 1
        self.done += 1
        outputs: torch.Tensor = self.part(images)
        return outputs


@functools.cache
def backbone() -> Backbone:
    """A small residual network with random weights."""
    return networks.build("test_resnet", 32)


def extract(
    root: Path, batches: float = float("inf"), kind: str = "features", view: View | None = None, **changes: Any
) -> tuple[torch.Tensor | None, Any, int]:
    """Return the outputs (null where it was killed), who made them, and how many batches were computed."""
    part = PARTS[kind](backbone())
    mortal = Mortal(part.module, batches)
    features = features_of(backbone(), root, **changes)
    try:
        outputs = features.of("train", digits(COUNT), FrozenPart(part.name, mortal), view)
    except Killed:
        return None, features, mortal.done
    return outputs, features, mortal.done


def left(root: Path) -> list[dict[str, Any]]:
    """Return what a killed extraction noted of its chunks."""
    (file,) = root.rglob(".progress.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines() if line]
    return [line for line in lines if "first" in line]


@pytest.mark.parametrize("survived", [0, 1, 2, 3, 5, 7])
@pytest.mark.parametrize(
    ("kind", "precision", "view"),
    [("features", "fp32", None), ("features", "fp32", ("basic", 0)), ("maps", "fp32", None), ("maps", "bf16", None)],
)
def test_killed_extraction_goes_on_from_its_last_chunk(
    tmp_path: Path, survived: int, kind: str, precision: str, view: View | None
) -> None:
    """Bit for bit what a single go gives; no finished chunk is computed again; nothing takes it for whole before."""
    straight, _, _ = extract(tmp_path / "straight", kind=kind, precision=precision, view=view)
    nothing, _, before = extract(tmp_path, survived, kind, view, precision=precision)
    assert nothing is None
    assert before == survived
    resumed, _, after = extract(tmp_path, kind=kind, precision=precision, view=view)
    assert straight is not None
    assert resumed is not None
    assert bits(resumed) == bits(straight)
    assert resumed.dtype == straight.dtype
    assert after == BATCHES - survived // 2 * 2


def test_seconds_of_both_goes_are_added(tmp_path: Path) -> None:
    """Those of finished chunks: what was lost is no cost of the outputs."""
    extract(tmp_path, 5)
    noted = left(tmp_path)
    assert [(chunk["first"], chunk["end"]) for chunk in noted] == [(0, CHUNK), (CHUNK, 2 * CHUNK)]
    _, features, _ = extract(tmp_path)
    (made,) = features.manifests.values()
    assert made["images"] == COUNT
    before = {cost: sum(chunk[cost] for chunk in noted) for cost in ("seconds", "cpu_seconds")}
    assert all(made[cost] > before[cost] > 0 for cost in before)
    assert made["seconds"] - before["seconds"] < features.paid_s["train"]


@pytest.mark.parametrize(("kind", "precision"), [("features", "fp32"), ("maps", "bf16")])
def test_killed_after_the_last_chunk_nothing_is_computed_again(tmp_path: Path, kind: str, precision: str) -> None:
    """All was there but for the manifest; its kind of number is still known."""

    def die(what: str, done: int, total: int) -> None:
        if done == total:
            raise Killed

    straight, _, _ = extract(tmp_path / "straight", kind=kind, precision=precision)
    nothing, _, before = extract(tmp_path, kind=kind, precision=precision, progress=die)
    resumed, _, after = extract(tmp_path, kind=kind, precision=precision)
    assert (nothing, before, after) == (None, BATCHES, 0)
    assert straight is not None
    assert resumed is not None
    assert (bits(resumed), resumed.dtype) == (bits(straight), straight.dtype)


def test_progress_goes_on_too(tmp_path: Path) -> None:
    """From the images that are done."""
    told: list[tuple[str, int, int]] = []
    extract(tmp_path, 5, progress=lambda *each: told.append(each))
    extract(tmp_path, progress=lambda *each: told.append(each))
    assert told == [("extracting", done, COUNT) for done in (16, 32, 48, 60)]


def test_conditions_of_all_goes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them beside other cells, or on another machine: it is no measurement."""
    extract(tmp_path / "beside", 3, workers=2)
    _, features, _ = extract(tmp_path / "beside")
    assert [made["workers"] for made in features.manifests.values()] == [2]
    assert features.rate() is None
    extract(tmp_path / "elsewhere", 3)
    monkeypatch.setattr("bench.learning.features.machine", lambda device: "another machine")
    _, features, _ = extract(tmp_path / "elsewhere")
    assert [made["machine"] for made in features.manifests.values()] == ["several machines"]
    assert features.rate() is None


@pytest.mark.parametrize("noted", ["", "{", "[]", '{"finished": 3}', '{"first": 0}', "\xff"])
def test_note_that_can_not_be_read_is_a_fresh_start(tmp_path: Path, noted: str) -> None:
    """Nothing of what lies there is trusted."""
    straight, _, _ = extract(tmp_path / "straight")
    extract(tmp_path / "killed", 5)
    (file,) = (tmp_path / "killed").rglob(".progress.jsonl")
    file.write_text(noted)
    resumed, _, after = extract(tmp_path / "killed")
    assert after == BATCHES
    assert straight is not None
    assert resumed is not None
    assert bits(resumed) == bits(straight)


@pytest.mark.parametrize("length", [None, 0, 100, 4000, -8])
def test_unfinished_outputs_that_are_not_all_there_are_no_hindrance(tmp_path: Path, length: int | None) -> None:
    """Gone or cut short: the next extraction neither stumbles over them for ever nor takes what is lost for zeros."""
    straight, _, _ = extract(tmp_path / "straight")
    extract(tmp_path / "killed", 5)
    (file,) = (tmp_path / "killed").rglob("outputs.npy")
    contents = file.read_bytes()
    file.unlink()
    if length is not None:
        file.write_bytes(contents[:length])
    resumed, _, _ = extract(tmp_path / "killed")
    assert straight is not None
    assert resumed is not None
    assert bits(resumed) == bits(straight)


def test_unfinished_outputs_of_fewer_images_are_a_fresh_start(tmp_path: Path) -> None:
    """Whole as a file, and yet not what was noted."""
    straight, _, _ = extract(tmp_path / "straight")
    extract(tmp_path / "killed", 5)
    (file,) = (tmp_path / "killed").rglob("outputs.npy")
    np.save(file, np.load(file)[: 2 * CHUNK])
    resumed, _, after = extract(tmp_path / "killed")
    assert after == BATCHES
    assert straight is not None
    assert resumed is not None
    assert bits(resumed) == bits(straight)
