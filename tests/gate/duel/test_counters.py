"""Counters are exact, repeat, and name what grew."""

import sys
from collections import Counter
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from bench.gate.duel.counters import Counted, Operators, count, is_channels_first, python_calls, saved_bytes, short

BATCH = torch.randn(4, 3, 8, 8).contiguous(memory_format=torch.channels_last)
ROOT = "/nowhere"


def network() -> nn.Module:
    """Return a convolution and a head, channels last."""
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    return layers.to(memory_format=torch.channels_last)


def step(model: nn.Module, batch: torch.Tensor = BATCH) -> torch.Tensor:
    """Do a forward and a backward pass."""
    model.zero_grad(set_to_none=True)
    loss = functional.cross_entropy(model(batch), torch.tensor([0, 1, 0, 1]))
    loss.backward()
    return loss.detach()


def counted(unit: Callable[[], object]) -> Counted:
    """Count a unit on the CPU."""
    return count(unit, "cpu", ROOT)


@pytest.fixture(scope="module")
def usual() -> Counted:
    """What a plain step does."""
    model = network()
    return counted(lambda: step(model))


def grown(before: Counted, after: Counted) -> set[str]:
    """Return the names of the counters that grew, but for those of Python's memory."""
    return {name for name in before.totals if after.totals[name] > before.totals[name]} - {"leaked_python_bytes"}


def test_counters_repeat(usual: Counted) -> None:
    """To the last byte, with a model of its own."""
    model = network()
    again = counted(lambda: step(model))
    assert not grown(usual, again)
    assert not grown(again, usual)
    assert usual.operators == again.operators


def test_figures_are_right(usual: Counted) -> None:
    """Where they can be told by hand: parameters, and the FLOP of three passes of two layers."""
    assert usual.totals["parameters"] == 3 * 8 * 9 + 8 + 8 * 2 + 2
    forward = 2 * (4 * 36 * 8 * 27 + 4 * 8 * 2)
    assert usual.totals["flop"] == 3 * forward - 2 * 4 * 36 * 8 * 27  # the images want no gradient
    assert usual.totals["host_synchronisations"] == 0
    assert usual.totals["leaked_tensor_bytes"] == 0


def test_an_item_is_a_synchronisation(usual: Counted) -> None:
    """One more call of one operator."""
    model = network()
    found = counted(lambda: step(model).item())
    assert grown(usual, found) >= {"host_synchronisations", "operators"}
    assert Counter(found.operators) - Counter(usual.operators) == {"aten._local_scalar_dense.default": 1}


def test_a_copy_of_the_batch_is_seen(usual: Counted) -> None:
    """By its operator and its bytes."""
    model = network()
    found = counted(lambda: step(model, BATCH.clone()))
    assert found.operators["aten.clone.default"] == usual.operators.get("aten.clone.default", 0) + 1
    assert found.totals["bytes_written"] - usual.totals["bytes_written"] == BATCH.numel() * 4
    assert found.totals["bytes_allocated"] > usual.totals["bytes_allocated"]


def test_lost_channels_last_is_seen(usual: Counted) -> None:
    """Though the operators are the same."""
    model = network()
    found = counted(lambda: step(model, BATCH.contiguous()))
    assert "channels_first_operands" in grown(usual, found)


def test_a_lost_no_grad_is_seen() -> None:
    """Though the operators are the same."""
    model = network()

    def frozen() -> torch.Tensor:
        with torch.no_grad():
            found: torch.Tensor = model(BATCH)
            return found

    assert saved_bytes(frozen) == 0
    assert saved_bytes(lambda: model(BATCH)) > 0


def test_a_larger_layer_is_seen(usual: Counted) -> None:
    model = network()
    model[4] = nn.Linear(8, 3)  # type: ignore[operator]
    found = counted(lambda: step(model))
    assert grown(usual, found) >= {"flop", "parameters", "bytes_written"}


def test_a_leak_of_tensors_is_seen() -> None:
    """By its bytes per unit."""
    kept: list[torch.Tensor] = []
    model = network()

    def leaking() -> None:
        step(model)
        kept.append(BATCH.clone())

    assert counted(leaking).totals["leaked_tensor_bytes"] == pytest.approx(BATCH.numel() * 4, rel=0.01)


def test_a_leak_of_pythons_memory_is_seen() -> None:
    kept: list[bytes] = []
    assert counted(lambda: kept.append(bytes(50_000))).totals["leaked_python_bytes"] >= 50_000


def test_in_place_operators_write_and_views_do_not() -> None:
    """Bytes written are those that memory sees."""
    tensor = torch.zeros(10)
    with Operators() as operators:
        tensor.view(2, 5).t()
    assert operators.bytes_written == 0
    with operators:
        tensor.add_(1)
    assert operators.bytes_written == 40


@pytest.mark.parametrize(
    ("tensor", "first"),
    [
        (torch.zeros(2, 3, 4, 4), True),
        (BATCH, False),
        (torch.zeros(2, 1, 4, 4), False),
        (torch.zeros(8, 3, 1, 1), False),
        (torch.zeros(2, 3), False),
        (torch.zeros(2, 3, 4, 4, dtype=torch.uint8), False),
    ],
)
def test_channels_first_is_told_where_it_is_a_difference(tensor: torch.Tensor, first: bool) -> None:
    assert is_channels_first(tensor) == first


def test_calls_are_named_by_file_and_function() -> None:
    """And built-in ones by their name alone."""

    def inner() -> int:
        return len("abc")

    found = python_calls(lambda: [inner() for _ in range(3)], ROOT)
    mine = {name: times for name, times in found.items() if name.endswith("inner")}
    assert list(mine.values()) == [3]
    assert found["built-in:len"] == 3
    assert sys.getprofile() is None


def test_names_of_files_are_the_same_in_two_checkouts() -> None:
    assert short("/tmp/side0/bench/learning/training.py", "/tmp/side0") == "bench/learning/training.py"
    assert short("/usr/lib/python3/site-packages/timm/models/resnet.py", ROOT) == "timm/models/resnet.py"
