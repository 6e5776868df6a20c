"""Every workload does the same work on each call, through the harness's own code, wherever it is started."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from bench.catalog import WORKLOADS
from bench.contracts.training import Fitted
from bench.data import decode
from bench.gate.workloads.conditions import Conditions
from bench.learning import features, training

FEW = Conditions(batch_size=8)


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """As whoever times them has it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def prepared(name: str, asked: Conditions = FEW) -> Callable[[], Any]:
    """Return a unit of a workload."""
    unit: Callable[[], Any] = WORKLOADS.entry(name).load()(asked)
    return unit


def test_none_needs_arguments() -> None:
    """What they are asked for has defaults: one thread of a CPU in full precision."""
    assert callable(WORKLOADS.entry("probe_fit").load()())
    assert Conditions() == Conditions("cpu", "fp32", 32, 1)


@pytest.mark.parametrize("name", ["finetune_step", "frozen_step", "probe_fit"])
def test_a_fit_is_the_same_each_time(name: str) -> None:
    """From the same weights to the same model, bit for bit."""
    unit = prepared(name)

    def model() -> dict[str, torch.Tensor]:
        fitted: Fitted = unit()
        return dict(fitted.states[fitted.chosen])

    first, second = model(), model()
    assert first.keys() == second.keys()
    assert all(torch.equal(tensor, second[key]) for key, tensor in first.items())


def test_features_are_the_same_each_time_and_made_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found in a cache."""
    calls: list[int] = []
    forward = features.forward

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return forward(*arguments)

    monkeypatch.setattr(features, "forward", counted)
    unit = prepared("feature_extraction")
    assert torch.equal(unit(), unit())
    assert len(calls) == 2


def test_images_are_decoded_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of both splits."""
    seen: list[int] = []
    write = decode._write

    def counted(writers: Any, progress: Any) -> list[str]:
        seen.append(sum(writer.count for writer in writers))
        return write(writers, progress)

    monkeypatch.setattr(decode, "_write", counted)
    unit = prepared("data_path")
    unit()
    unit()
    assert sum(seen) == 2 * 64


@pytest.mark.parametrize("name", ["finetune_step", "frozen_step"])
def test_steps_are_those_of_the_harness(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of the loop is a change of the workload; the batch is the one asked for."""
    sizes: list[int] = []
    step = training.Loop._step

    def counted(self: Any, forward: Any, optimizer: Any, inputs: Any, index: Any, *rest: Any) -> torch.Tensor:
        sizes.append(len(index))
        return step(self, forward, optimizer, inputs, index, *rest)

    monkeypatch.setattr(training.Loop, "_step", counted)
    prepared(name)()
    assert len(sizes) >= 2
    assert set(sizes) == {FEW.batch_size}
