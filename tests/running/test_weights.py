"""What the project's own weights are kept with."""

import pytest
import torch
from safetensors.torch import load_file

from bench.backbones.sources import source_of
from bench.contracts.data import Places
from bench.running import weights
from bench.running.weights import WeightsRequest, prepare_weights, unused


def test_tensors_without_a_place_are_counted_and_the_first_named() -> None:
    """Nothing is said where there are none."""
    assert unused([]) == []
    (line,) = unused(["a", "b", "c", "d", "e"])
    assert line.startswith("5 tensors of the file are left out (a, b, c, d, ...): ")


@pytest.mark.parametrize(("objective", "has_one"), [("QuickLabels", True), ("Quick", False)])
def test_own_weights_keep_the_classifier_that_they_were_trained_with(
    places: Places, objective: str, has_one: bool
) -> None:
    """In the same file, where the objective trains one; it knows the source's classes."""
    weights = f"tests.material.own_pretraining:{objective}@digits"
    request = WeightsRequest("test_vit", weights, 32, 16, "cpu", "fp32", 1, True, places, trains=False)
    ready = prepare_weights(request, lambda *_: None)
    assert ready.file.path is not None
    backbone = source_of("test_vit").build("test_vit", ready.file.path, 32)
    assert (backbone.source_head is not None) == has_one
    if has_one:
        kept = load_file(ready.file.path)
        assert backbone.source_head is not None
        assert torch.equal(backbone.source_head.weight, kept["head.weight"])
        assert backbone.source_head.out_features == 10
        assert backbone.source_head.weight.any()


@pytest.mark.parametrize(
    ("threads", "trains", "longest", "tried"),
    [(2, True, 60.0, True), (1, True, 60.0, False), (2, False, 60.0, False), (2, True, 0.0, False)],
    ids=["short step", "one thread", "no step", "long step"],
)
def test_a_short_step_is_tried_on_one_thread_too(
    places: Places, monkeypatch: pytest.MonkeyPatch, threads: int, trains: bool, longest: float, tried: bool
) -> None:
    """Where it is not one thread anyway."""
    monkeypatch.setattr(weights, "SHORT_S", longest)
    request = WeightsRequest("test_resnet", "random", 32, 8, "cpu", "fp32", threads, True, places, trains)
    ready = prepare_weights(request, lambda *_: None)
    assert (ready.single_s is not None, ready.step_s > 0) == (tried, trains)
    assert ready.single_s is None or ready.single_s > 0
