"""The logistic solver against scikit-learn's, on real features."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from bench.solvers import Solution, Standardiser, logistic

Digits = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def standardised(count: int, wide: bool) -> Digits:
    """Return training and test digits: 64 pixels, or 520 products of two."""
    pixels, labels = load_digits(return_X_y=True)
    if wide:
        upper = np.triu_indices(64)
        pixels = np.stack([np.outer(image, image)[upper] for image in pixels])[:, ::4]
    split = train_test_split(pixels, labels, train_size=count, stratify=labels, random_state=0)
    train, test = torch.from_numpy(split[0]).float(), torch.from_numpy(split[1]).float()
    standardise = Standardiser.of(train)
    return standardise(train), standardise(test), torch.from_numpy(split[2]), torch.from_numpy(split[3])


def reference(train: torch.Tensor, labels: torch.Tensor, l2: float) -> LogisticRegression:
    """Return scikit-learn's own solution, solved to the end."""
    return LogisticRegression(C=1 / l2, tol=1e-7, max_iter=5000).fit(train.numpy(), labels.numpy())


def decisions(solution: Solution, features: torch.Tensor) -> npt.NDArray[np.float64]:
    """Return centred logits: a softmax leaves a shift of all classes open."""
    logits = (features @ solution.weight.T + solution.bias).numpy()
    return np.asarray(logits - logits.mean(1, keepdims=True))


@pytest.mark.parametrize("l2", [1.0, 10.0, 1000.0])
@pytest.mark.parametrize(("count", "wide"), [(400, False), (50, False), (150, True)])
def test_solution_is_scikit_learns(count: int, wide: bool, l2: float) -> None:
    """More images than features and fewer: logits agree, and accuracies within half a point."""
    train, test, labels, truth = standardised(count, wide)
    mine, theirs = logistic(train, labels, 10, l2), reference(train, labels, l2)
    logits = theirs.decision_function(test.numpy())
    expected = logits - logits.mean(1, keepdims=True)
    assert np.abs(decisions(mine, test) - expected).max() < 0.02 * np.abs(expected).max()
    accuracy = (decisions(mine, test).argmax(1) == truth.numpy()).mean()
    assert abs(accuracy - theirs.score(test.numpy(), truth.numpy())) <= 0.005


def test_solution_is_near_the_minimum() -> None:
    """The gradient vanishes there, whichever way the problem was put."""
    for count, wide in ((300, False), (60, True)):
        train, _, labels, _ = standardised(count, wide)
        solution = logistic(train, labels, 10, 1.0)
        weight, bias = solution.weight.clone().requires_grad_(), solution.bias.clone().requires_grad_()
        loss = torch.nn.functional.cross_entropy(train @ weight.T + bias, labels)
        (loss + weight.square().sum() / (2 * count)).backward()
        assert weight.grad is not None
        assert bias.grad is not None
        assert weight.grad.abs().max() < 1e-4
        assert bias.grad.abs().max() < 1e-4


@pytest.mark.parametrize(("count", "wide"), [(300, False), (60, True)])
def test_warm_start_ends_where_a_cold_one_does(count: int, wide: bool) -> None:
    """From the solution of a stronger penalty."""
    train, test, labels, _ = standardised(count, wide)
    cold = logistic(train, labels, 10, 1.0)
    warm = logistic(train, labels, 10, 1.0, start=logistic(train, labels, 10, 100.0))
    expected = decisions(cold, test)
    assert np.abs(decisions(warm, test) - expected).max() < 0.02 * np.abs(expected).max()
    assert (decisions(warm, test).argmax(1) == expected.argmax(1)).mean() > 0.995


def test_stronger_penalty_gives_smaller_weights() -> None:
    """Down to none."""
    train, _, labels, _ = standardised(200, wide=False)
    norms = [float(logistic(train, labels, 10, l2).weight.norm()) for l2 in (0.1, 1.0, 10.0, 100.0, 1e8)]
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] < 1e-3


def test_class_without_an_image_gets_no_probability_worth_having() -> None:
    """The layer has its row all the same."""
    train, _, labels, _ = standardised(200, wide=False)
    kept = labels != 3
    solution = logistic(train[kept], labels[kept], 10, 1.0)
    assert solution.weight.shape == (10, 64)
    assert 3 not in decisions(solution, train[kept]).argmax(1)


def test_folded_layer_equals_standardising_first() -> None:
    """On raw features; constant ones included."""
    pixels, labels = load_digits(return_X_y=True)
    features = torch.from_numpy(pixels).float() * 3 + 5
    standardise = Standardiser.of(features[:300])
    assert (standardise.scale == 1).any(), "digits have pixels that are always white"
    solution = logistic(standardise(features[:300]), torch.from_numpy(labels[:300]), 10, 1.0)
    layer = standardise.fold(solution.weight, solution.bias)
    expected = standardise(features) @ solution.weight.T + solution.bias
    torch.testing.assert_close(layer(features).double(), expected, rtol=1e-4, atol=1e-3)


def test_standardised_features_have_mean_zero_and_variance_one() -> None:
    """A feature that never varies is only centred."""
    features = torch.from_numpy(load_digits().data[:200]).float()
    result = Standardiser.of(features)(features)
    constant = features.std(0) == 0
    assert result.dtype == torch.float64
    assert result.mean(0).abs().max() < 1e-9
    torch.testing.assert_close(result.std(0, correction=0)[~constant], torch.ones(int((~constant).sum())).double())
    assert (result[:, constant] == 0).all()


def test_solution_hangs_on_nothing_random() -> None:
    """Twice the same bits, whatever the global generator holds."""
    train, _, labels, _ = standardised(100, wide=False)
    torch.manual_seed(1)
    first = logistic(train, labels, 10, 1.0)
    torch.manual_seed(2)
    second = logistic(train, labels, 10, 1.0)
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(first.bias, second.bias)
