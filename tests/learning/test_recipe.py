"""What a recipe comes to: batches, steps, schedules, losses, optimisers."""

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from bench.learning.recipe import (
    batches,
    epoch_sizes,
    learning_rate_factor,
    loss_of,
    make_optimizer,
    optimizer_kind,
    total_steps,
)
from bench.schema import Training

COUNTS = st.integers(1, 200)
BATCHES = st.integers(2, 80)


@given(count=COUNTS, batch_size=BATCHES, seed=st.integers(0, 2**63 - 1))
@settings(deadline=None)
def test_each_epoch_visits_each_image_once(count: int, batch_size: int, seed: int) -> None:
    """Two epochs, in two orders; no batch of one but of a single image, none above the size but by one."""
    index = np.arange(count) * 3 + 7
    per_epoch = len(epoch_sizes(count, batch_size))
    drawn = list(itertools.islice(batches(index, batch_size, seed), 2 * per_epoch))
    for epoch in (drawn[:per_epoch], drawn[per_epoch:]):
        assert Counter(np.concatenate(epoch).tolist()) == Counter(index.tolist())
    sizes = {len(batch) for batch in drawn}
    assert 1 not in sizes or count == 1
    assert max(sizes) <= batch_size + 1


@given(count=COUNTS, batch_size=BATCHES, seed=st.integers(0, 2**63 - 1))
@settings(deadline=None, max_examples=30)
def test_order_hangs_on_the_seed_alone(count: int, batch_size: int, seed: int) -> None:
    """Not on numpy's or torch's global state."""
    first = list(itertools.islice(batches(np.arange(count), batch_size, seed), 5))
    np.random.seed(0)
    torch.manual_seed(0)
    second = list(itertools.islice(batches(np.arange(count), batch_size, seed), 5))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_epochs_are_shuffled_anew() -> None:
    """A second epoch is another permutation."""
    first, second = itertools.islice(batches(np.arange(50), 50, 1), 2)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("settings_", "count", "expected"),
    [
        (Training(steps=70), 1, 70),
        (Training(steps=70), 10_000, 70),
        (Training(steps=None, epochs=3, batch_size=10), 100, 30),
        (Training(steps=None, epochs=3, batch_size=10), 101, 30),
        (Training(steps=None, epochs=3, batch_size=10), 102, 33),
        (Training(steps=None, epochs=0.5, batch_size=10), 100, 5),
        (Training(steps=None, epochs=0.01, batch_size=10), 100, 1),
        (Training(steps=None, epochs=2, batch_size=64), 5, 2),
    ],
)
def test_total_steps(settings_: Training, count: int, expected: int) -> None:
    """Steps as they are asked for; epochs by the batches that they have."""
    assert total_steps(settings_, count) == expected


def rates(steps: int, epoch_steps: int = 10, **recipe: Any) -> list[float]:
    """Return the factor of each step."""
    training = Training(**recipe)
    return [learning_rate_factor(training, step, steps, epoch_steps) for step in range(steps)]


@given(
    steps=st.integers(1, 300),
    schedule=st.sampled_from(["constant", "step", "cosine", "one_cycle"]),
    warmup=st.floats(0, 0.99),
    epoch_steps=st.integers(1, 40),
)
def test_rate_is_never_above_its_peak_nor_below_zero(
    steps: int, schedule: Any, warmup: float, epoch_steps: int
) -> None:
    """Whatever the schedule; the first step learns too."""
    factors = rates(steps, epoch_steps, schedule=schedule, warmup=warmup)
    assert all(0 <= factor <= 1 for factor in factors)
    assert factors[0] > 0


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine"])
def test_warmup_grows_linearly_to_the_peak(schedule: str) -> None:
    """A tenth of a hundred steps."""
    factors = rates(100, 100, schedule=schedule, warmup=0.1)
    assert factors[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert factors[10] == pytest.approx(1)


def test_cosine_falls_to_nearly_zero() -> None:
    """By half at the middle, never up."""
    factors = rates(1000, schedule="cosine", warmup=0.0)
    assert factors[0] == 1
    assert factors[500] == pytest.approx(0.5)
    assert factors[-1] < 1e-5
    assert factors == sorted(factors, reverse=True)


def test_step_schedule_cuts_every_seven_epochs() -> None:
    """By ten, at the first step of epochs 7 and 14, as torch's StepLR(7, 0.1) does."""
    factors = rates(160, 10, schedule="step", warmup=0.0, step_epochs=7.0, gamma=0.1)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.StepLR(optimizer, 7, 0.1)
    for epoch in range(16):
        assert factors[10 * epoch : 10 * epoch + 10] == pytest.approx([optimizer.param_groups[0]["lr"]] * 10)
        optimizer.step()
        reference.step()


def test_one_cycle_is_torchs_own() -> None:
    """Up from a 25th over three tenths, down to a tenthousandth."""
    factors = rates(200, schedule="one_cycle")
    peak = int(np.argmax(factors))
    assert factors[0] == pytest.approx(1 / 25)
    assert (peak, factors[peak]) == (60, pytest.approx(1))
    assert factors[:61] == sorted(factors[:61])
    assert factors[60:] == sorted(factors[60:], reverse=True)
    assert factors[-1] < 1e-3


def test_constant_schedule_stays() -> None:
    """After its warm-up."""
    assert set(rates(50, schedule="constant", warmup=0.0)) == {1.0}


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_on_one_hot_targets_is_torchs_on_labels(smoothing: float) -> None:
    """Label smoothing included; logits of half precision are widened first."""
    logits = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(8) % 5
    targets = functional.one_hot(labels, 5).float()
    loss = loss_of(Training(label_smoothing=smoothing), logits, targets)
    torch.testing.assert_close(loss, functional.cross_entropy(logits, labels, label_smoothing=smoothing))
    half = loss_of(Training(label_smoothing=smoothing), logits.bfloat16(), targets)
    assert half.dtype == torch.float32


def test_squared_error_is_against_one_hot_targets() -> None:
    """Zero for the targets themselves, 1/classes for nothing at all."""
    targets = functional.one_hot(torch.arange(4), 4).float()
    settings_ = Training(loss="mse")
    assert loss_of(settings_, targets, targets) == 0
    assert loss_of(settings_, torch.zeros(4, 4), targets) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("name", "kind", "how"),
    [
        ("sgd", torch.optim.SGD, "foreach"),
        ("adamw", torch.optim.AdamW, "fused"),
        ("adam", torch.optim.Adam, "fused"),
    ],
)
def test_optimiser_has_the_recipes_settings(name: Any, kind: type, how: str) -> None:
    """Each group with its own rate; all parameters are stepped over at once, in the way that a CPU does fastest."""
    groups = [{"params": [nn.Parameter(torch.zeros(2))], "lr": rate} for rate in (0.1, 0.3)]
    optimizer = make_optimizer(Training(optimizer=name, weight_decay=0.02, momentum=0.8), groups)
    assert type(optimizer) is kind
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.3]
    assert {group["weight_decay"] for group in optimizer.param_groups} == {0.02}
    if name == "sgd":
        assert optimizer.param_groups[0]["momentum"] == 0.8
    assert optimizer_kind(optimizer) == how
    assert {group[how] for group in optimizer.param_groups} == {True}


@pytest.mark.parametrize("name", ["sgd", "adamw", "adam"])
def test_optimiser_steps_as_the_plain_loop_over_parameters_does(name: Any) -> None:
    """To the last digits, for parameters of several shapes."""

    def trained(optimizer_of: Callable[[list[nn.Parameter]], torch.optim.Optimizer]) -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(0)
        parameters = [nn.Parameter(torch.randn(size, generator=generator)) for size in ((3,), (4, 5), (2, 2, 2))]
        optimizer = optimizer_of(parameters)
        for _ in range(5):
            optimizer.zero_grad()
            torch.stack([each.pow(3).sum() for each in parameters]).sum().backward()
            optimizer.step()
        return [each.detach() for each in parameters]

    kinds = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
    plain: dict[str, Any] = {"lr": 0.01, "weight_decay": 0.02, "foreach": False}
    if name == "sgd":
        plain["momentum"] = 0.9
    recipe = Training(optimizer=name, weight_decay=0.02)
    fast = trained(lambda parameters: make_optimizer(recipe, [{"params": parameters, "lr": 0.01}]))
    slow = trained(lambda parameters: kinds[name](parameters, **plain))
    for one, other in zip(fast, slow, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)
