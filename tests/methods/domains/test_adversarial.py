"""The reversal of gradients, and the critic's loss."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from bench.methods.domains.adversarial import domain_loss, reversal, reverse_gradient
from tests.material.domains import rows


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0])
def test_reversal_flips_the_gradient_with_the_factor(factor: float) -> None:
    """The numbers themselves pass unchanged."""
    features = rows(4, 3).requires_grad_()
    passed = reverse_gradient(features, factor)
    assert torch.equal(passed, features)
    (passed * 3).sum().backward()
    assert features.grad is not None
    assert torch.equal(features.grad, torch.full((4, 3), -3 * factor))


def test_reversal_grows_from_nothing_to_one() -> None:
    """By the schedule of the paper."""
    factors = [reversal(done) for done in (0.0, 0.1, 0.5, 1.0)]
    assert factors[0] == 0
    assert factors == sorted(factors)
    assert factors[1] == pytest.approx(2 / (1 + np.exp(-1.0)) - 1)
    assert 0.99 < factors[-1] < 1


def test_domain_loss_counts_each_domain_half_whatever_their_sizes() -> None:
    """A critic that knows nothing costs ln 2; weights move images within their domain alone."""
    nothing = torch.zeros(5, 1), torch.zeros(20, 1)
    assert domain_loss(*nothing).item() == pytest.approx(np.log(2))
    source, target = rows(2, 1), rows(3, 1, seed=1)
    weights = torch.tensor([1.0, 3.0, 2.0, 2.0, 2.0])
    expected = (functional.softplus(-source[:, 0]) * torch.tensor([0.5, 1.5])).mean() + functional.softplus(
        target[:, 0]
    ).mean()
    assert domain_loss(source, target, weights).item() == pytest.approx(expected.item() / 2)
