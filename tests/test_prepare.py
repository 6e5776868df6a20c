"""What the project's own weights are kept with."""

import pytest
import torch
from safetensors.torch import load_file

from bench import prepare
from bench.backbones.sources import source_of
from bench.contracts import Places
from bench.prepare import WeightsRequest, prepare_weights
from bench.registry import Entry, Registry


@pytest.mark.parametrize(("objective", "has_one"), [("quick", True), ("headless", False)])
def test_own_weights_keep_the_classifier_that_they_were_trained_with(
    monkeypatch: pytest.MonkeyPatch, places: Places, objective: str, has_one: bool
) -> None:
    """In the same file, where the objective trains one; it knows the source's classes."""
    entries = [(name.lower(), Entry(f"own_pretraining:{name}", "for tests")) for name in ("Quick", "Headless")]
    monkeypatch.setattr(prepare, "PRETRAINING", Registry("pretraining", entries))
    request = WeightsRequest("test_vit", f"{objective}@digits", 32, 16, "cpu", "fp32", 1, True, places, trains=False)
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
