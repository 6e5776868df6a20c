"""The solvers against scikit-learn's, on real features; and the parts that they are made of."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from bench.learning import solvers
from bench.learning.solvers import (
    Rotated,
    Solution,
    Standardiser,
    acceptable,
    cross_entropy,
    logistic,
    ridge,
    two_loops,
)
from bench.machine.devices import WORTH_THREADS, few_threads

Solve = Callable[..., list[Solution]]
Digits = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
STRENGTHS = (1000.0, 10.0, 1.0)
PROBLEMS = pytest.mark.parametrize(("count", "wide"), [(400, False), (50, False), (120, True)])
"""More images than features, and fewer, of 64 pixels or of 260 products of two."""


def standardised(count: int, wide: bool = False) -> Digits:
    """Return training and test digits and their labels; of the pixels some never vary."""
    pixels, labels = load_digits(return_X_y=True)
    if wide:
        upper = np.triu_indices(64)
        pixels = np.stack([np.outer(image, image)[upper] for image in pixels])[:, ::8]
    split = train_test_split(pixels, labels, train_size=count, stratify=labels, random_state=0)
    train, test = torch.from_numpy(split[0]).float(), torch.from_numpy(split[1]).float()
    standardise = Standardiser.of(train)
    return standardise(train), standardise(test), torch.from_numpy(split[2]), torch.from_numpy(split[3])


def decisions(solution: Solution, features: torch.Tensor) -> npt.NDArray[np.float64]:
    """Return centred logits: a softmax leaves a shift of all classes open."""
    logits = (features @ solution.weight.T + solution.bias).numpy()
    return np.asarray(logits - logits.mean(1, keepdims=True))


def objective(
    features: torch.Tensor, labels: torch.Tensor, l2: float, weight: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    """Return the mean of what `logistic` minimises the sum of."""
    loss = torch.nn.functional.cross_entropy(features @ weight.T + bias, labels)
    return loss + l2 / 2 * weight.square().sum() / len(labels)


def largest_slope(features: torch.Tensor, labels: torch.Tensor, l2: float, solution: Solution) -> float:
    """Return the largest entry of the objective's gradient, by autograd in float64."""
    weight, bias = solution.weight.clone().requires_grad_(), solution.bias.clone().requires_grad_()
    gradients = torch.autograd.grad(objective(features, labels, l2, weight, bias), (weight, bias))
    return max(float(gradient.abs().max()) for gradient in gradients)


@PROBLEMS
def test_each_strength_is_scikit_learns_solution(count: int, wide: bool) -> None:
    """Coefficients, objective and predictions, though all strengths are solved together."""
    train, test, labels, _ = standardised(count, wide)
    for l2, mine in zip(STRENGTHS, logistic(train, labels, 10, STRENGTHS), strict=True):
        theirs = LogisticRegression(C=1 / l2, tol=1e-8, max_iter=20_000).fit(train.numpy(), labels.numpy())
        weight, bias = torch.from_numpy(theirs.coef_), torch.from_numpy(theirs.intercept_)
        assert (mine.weight - weight).abs().max() < 5e-3 * weight.abs().max()
        assert ((mine.bias - mine.bias.mean()) - (bias - bias.mean())).abs().max() < 0.02
        least = objective(train, labels, l2, weight, bias)
        assert objective(train, labels, l2, mine.weight, mine.bias) < least * (1 + 1e-5)
        assert (decisions(mine, test).argmax(1) == theirs.predict(test.numpy())).mean() > 0.997


@PROBLEMS
def test_each_strength_is_scikit_learns_ridge(count: int, wide: bool) -> None:
    """On one-hot targets, to the last digits but eight."""
    train, _, labels, _ = standardised(count, wide)
    for l2, mine in zip(STRENGTHS, ridge(train, labels, 10, STRENGTHS), strict=True):
        theirs = Ridge(alpha=l2).fit(train.numpy(), np.eye(10)[labels.numpy()])
        np.testing.assert_allclose(mine.weight.numpy(), theirs.coef_, rtol=0, atol=1e-8)
        np.testing.assert_allclose(mine.bias.numpy(), theirs.intercept_, rtol=0, atol=1e-8)


@pytest.mark.parametrize("solve", [logistic, ridge])
@pytest.mark.parametrize(("count", "wide"), [(200, False), (60, True)])
def test_solution_does_not_hang_on_the_other_strengths(solve: Solve, count: int, wide: bool) -> None:
    """Alone, or among others in another order."""
    train, test, labels, _ = standardised(count, wide)
    together = solve(train, labels, 10, [1.0, 1e4, 3.0])
    for l2, solution in zip([1.0, 1e4, 3.0], together, strict=True):
        (alone,) = solve(train, labels, 10, [l2])
        expected = decisions(alone, test)
        assert np.abs(decisions(solution, test) - expected).max() < 0.01 * np.abs(expected).max()
        assert (decisions(solution, test).argmax(1) == expected.argmax(1)).mean() > 0.997


@given(
    classes=st.integers(2, 10),
    count=st.integers(10, 150),
    columns=st.sets(st.integers(0, 63), min_size=1, max_size=40),
    relative=st.lists(st.floats(-3, 3).map(lambda power: 10**power), min_size=1, max_size=3),
    seed=st.integers(0, 2**31),
)
@settings(deadline=None, max_examples=15)
def test_solution_is_a_minimum(classes: int, count: int, columns: set[int], relative: list[float], seed: int) -> None:
    """The slope is below the tolerance but for rounding, and no point around it is lower."""
    pixels, labels = load_digits(n_class=classes, return_X_y=True)
    generator = np.random.default_rng(seed)
    index = generator.choice(len(labels), count, replace=False)
    raw, truth = torch.from_numpy(pixels[index][:, sorted(columns)]), torch.from_numpy(labels[index])
    features = Standardiser.of(raw)(raw)
    strengths = [each * len(columns) for each in relative]
    for l2, found in zip(strengths, logistic(features, truth, classes, strengths), strict=True):
        assert largest_slope(features, truth, l2, found) < 2e-5
        lowest = objective(features, truth, l2, found.weight, found.bias)
        for scale in (1e-2, 1.0):
            weight = found.weight + scale * torch.from_numpy(generator.normal(size=found.weight.shape))
            bias = found.bias + scale * torch.from_numpy(generator.normal(size=classes))
            assert objective(features, truth, l2, weight, bias) > lowest - 1e-5


@pytest.mark.parametrize("l2", [1.0, 10.0])
def test_two_separable_classes_are_solved(l2: float) -> None:
    """As the logistic regression of one against the other, whose penalty weighs half: C is 2 / l2 there."""
    pixels, labels = load_digits(n_class=2, return_X_y=True)
    features = Standardiser.of(torch.from_numpy(pixels))(torch.from_numpy(pixels))
    (solution,) = logistic(features, torch.from_numpy(labels), 2, [l2])
    theirs = LogisticRegression(C=2 / l2, tol=1e-8, max_iter=20_000).fit(features.numpy(), labels)
    mine = solution.weight[1] - solution.weight[0]
    assert (mine - torch.from_numpy(theirs.coef_[0])).abs().max() < 1e-2 * mine.abs().max()
    assert (decisions(solution, features).argmax(1) == labels).all()


@pytest.mark.parametrize("solve", [logistic, ridge])
@pytest.mark.parametrize("width", [5, 50])
def test_features_that_never_vary_leave_the_bias_alone(solve: Solve, width: int) -> None:
    """Fewer or more of them than of the 30 images; the shares of the classes are all there is to know."""
    labels = torch.tensor([0] * 15 + [1] * 10 + [2] * 5)
    raw = torch.full((30, width), 0.1)
    (solution,) = solve(Standardiser.of(raw)(raw), labels, 3, [1.0])
    assert (solution.weight == 0).all()
    shares = solution.bias.softmax(0) if solve is logistic else solution.bias
    assert shares.tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 6], abs=1e-4)


@pytest.mark.parametrize("solve", [logistic, ridge])
def test_stronger_penalty_gives_smaller_weights(solve: Solve) -> None:
    """Down to none."""
    train, _, labels, _ = standardised(200)
    norms = [float(solution.weight.norm()) for solution in solve(train, labels, 10, (0.1, 1.0, 10.0, 100.0, 1e8))]
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] < 1e-3


@pytest.mark.parametrize("solve", [logistic, ridge])
def test_class_without_an_image_gets_no_probability_worth_having(solve: Solve) -> None:
    """The layer has its row all the same."""
    train, _, labels, _ = standardised(200)
    kept = labels != 3
    train = Standardiser.of(train[kept])(train[kept])
    (solution,) = solve(train, labels[kept], 10, [1.0])
    assert solution.weight.shape == (10, 64)
    assert 3 not in decisions(solution, train).argmax(1)


def test_solution_hangs_on_nothing_random() -> None:
    """Twice the same bits, whatever the global generator holds."""
    train, _, labels, _ = standardised(100)
    torch.manual_seed(1)
    first = logistic(train, labels, 10, STRENGTHS)
    torch.manual_seed(2)
    for one, other in zip(first, logistic(train, labels, 10, STRENGTHS), strict=True):
        assert torch.equal(one.weight, other.weight)
        assert torch.equal(one.bias, other.bias)


@pytest.mark.parametrize("constant", ["CHUNK_ELEMENTS", "STATE_ELEMENTS"])
def test_working_in_small_pieces_changes_nothing_beyond_rounding(
    monkeypatch: pytest.MonkeyPatch, constant: str
) -> None:
    """Rows in chunks of two, or one strength at a time."""
    train, test, labels, _ = standardised(100)
    whole = logistic(train, labels, 10, STRENGTHS)
    monkeypatch.setattr(solvers, constant, 64)
    told: list[int] = []
    pieces = logistic(train, labels, 10, STRENGTHS, progress=told.append)
    for one, other in zip(whole, pieces, strict=True):
        expected = decisions(one, test)
        assert np.abs(decisions(other, test) - expected).max() < 0.01 * np.abs(expected).max()
    assert told == ([1, 2, 3] if constant == "STATE_ELEMENTS" else [3])


def test_cross_entropy_is_torchs_and_its_gradient_autograds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several points at once, rows in chunks; the bias is the last column."""
    monkeypatch.setattr(solvers, "CHUNK_ELEMENTS", 500)
    train, _, labels, _ = standardised(100)
    coordinates = train.float()
    points = torch.randn(3, 10, 65, generator=torch.Generator().manual_seed(0)) / 4
    loss, gradient = cross_entropy(coordinates, labels, points)
    leaves = points.double().requires_grad_()
    expected = torch.stack(
        [
            torch.nn.functional.cross_entropy(train @ each[:, :-1].T + each[:, -1], labels, reduction="sum")
            for each in leaves
        ]
    )
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-5, atol=0)
    expected.sum().backward()
    assert leaves.grad is not None
    torch.testing.assert_close(gradient.double(), leaves.grad, rtol=1e-4, atol=1e-3)


def test_solver_that_has_to_stop_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """By strength: the strong ones are solved in a few steps, the weak ones are not."""
    features, _, labels, _ = standardised(200)
    assert all(each.converged for each in logistic(features, labels, 10, (1e5, 1e-2)))
    monkeypatch.setattr(solvers, "MAX_ITERATIONS", 20)
    assert [each.converged for each in logistic(features, labels, 10, (1e5, 1e-2))] == [True, False]


@pytest.mark.parametrize(("count", "wide"), [(200, False), (60, True)])
def test_rotated_features_lie_on_orthogonal_axes_and_come_back(count: int, wide: bool) -> None:
    """No more axes than images or features; logits on the coordinates are those on the features."""
    features = standardised(count, wide)[0]
    rotated = Rotated.of(features)
    rank = rotated.coordinates.shape[1]
    assert rank <= min(features.shape)
    torch.testing.assert_close(rotated.basis.T @ rotated.basis, torch.eye(rank).double())
    torch.testing.assert_close(rotated.coordinates, features @ rotated.basis)
    torch.testing.assert_close(
        rotated.coordinates.T @ rotated.coordinates, rotated.energies.diag(), rtol=1e-8, atol=1e-8
    )
    torch.testing.assert_close(rotated.coordinates @ rotated.basis.T, features)
    weight = torch.randn(3, rank, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    back = rotated.back(weight, torch.zeros(3))
    torch.testing.assert_close(features @ back.weight.T, rotated.coordinates @ weight.T)


def textbook(pairs: list[tuple[torch.Tensor, torch.Tensor]], gradient: torch.Tensor) -> torch.Tensor:
    """Return the two loops of L-BFGS on the vectors themselves (Nocedal and Wright, 2006, algorithm 7.4)."""
    result, shares = gradient.clone(), []
    for step, change in reversed(pairs):
        shares.append(step @ result / (step @ change))
        result -= shares[-1] * change
    step, change = pairs[-1]
    result *= step @ change / (change @ change)
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        result += step * (share - change @ result / (step @ change))
    return result


@pytest.mark.parametrize("refused", [None, 0])
def test_two_loops_on_products_are_those_on_vectors(refused: int | None) -> None:
    """For several problems, with a ring of pairs that has come round; a refused step has no part."""
    generator = torch.Generator().manual_seed(0)
    steps = torch.randn(2, 3, 8, dtype=torch.float64, generator=generator)
    changes = steps + torch.randn(2, 3, 8, dtype=torch.float64, generator=generator) / 4
    if refused is not None:
        steps[0, refused] = changes[0, refused] = 0
    gradient = torch.randn(2, 1, 8, dtype=torch.float64, generator=generator)
    vectors = torch.cat([steps, changes, gradient], 1)
    order = [2, 0, 1]
    weights = torch.from_numpy(two_loops((vectors @ vectors.transpose(1, 2)).numpy(), order))
    found = torch.bmm(weights.unsqueeze(1), vectors).squeeze(1)
    for kind in range(2):
        pairs = [(steps[kind, slot], changes[kind, slot]) for slot in order if kind or slot != refused]
        torch.testing.assert_close(found[kind], textbook(pairs, gradient[kind, 0]))


@pytest.mark.parametrize(
    ("tried", "its_slope", "taken"),
    [(0.5, -0.5, True), (1.5, 2.0, False), (1.0 - 1e-5, 2.0, False), (1.0 + 1e-7, 0.5, True), (1.0 + 1e-7, 2.0, False)],
    ids=["lower", "higher", "lower by too little", "at the floor", "at the floor but steep"],
)
def test_a_step_is_taken_where_it_brings_its_share(tried: float, its_slope: float, taken: bool) -> None:
    """From a value of one, along a slope of minus one."""
    numbers = [torch.tensor([each], dtype=torch.float64) for each in (1.0, -1.0, tried, its_slope, 1.0)]
    assert acceptable(*numbers).tolist() == [taken]


def test_few_threads_gives_the_threads_back() -> None:
    """After a small pass and after an error; a large one keeps them all."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with few_threads(1.0):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        with pytest.raises(ZeroDivisionError), few_threads(1.0):
            raise ZeroDivisionError
        assert torch.get_num_threads() == 2
        with few_threads(WORTH_THREADS):
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_folded_layer_equals_standardising_first() -> None:
    """On raw features; constant ones included."""
    pixels, labels = load_digits(return_X_y=True)
    features = torch.from_numpy(pixels).float() * 3 + 5
    standardise = Standardiser.of(features[:300])
    assert (standardise.scale == 1).any(), "digits have pixels that are always white"
    (solution,) = logistic(standardise(features[:300]), torch.from_numpy(labels[:300]), 10, [1.0])
    layer = standardise.fold(solution.weight, solution.bias)
    expected = standardise(features) @ solution.weight.T + solution.bias
    torch.testing.assert_close(layer(features).double(), expected, rtol=1e-4, atol=1e-3)


def test_degenerate_features_are_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the eigendecomposition ends in NaN in single precision, as LAPACK's can, it is done in double."""
    features, _, labels, _ = standardised(200)
    plain = logistic(features, labels, 10, (10.0,))[0]
    real = torch.linalg.eigh

    def single_fails(gram: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values, vectors = real(gram)
        return (values * torch.nan, vectors * torch.nan) if gram.dtype == torch.float32 else (values, vectors)

    monkeypatch.setattr(torch.linalg, "eigh", single_fails)
    again = logistic(features, labels, 10, (10.0,))[0]
    assert again.converged
    torch.testing.assert_close(again.weight, plain.weight, rtol=1e-3, atol=1e-4)


def test_what_is_not_finite_has_not_converged() -> None:
    """A feature that is no number is not called solved."""
    features, _, labels, _ = standardised(200)
    features[0, 0] = torch.nan
    assert not logistic(features, labels, 10, (10.0,))[0].converged


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_standardiser_is_scikit_learns_and_leaves_the_features_alone(dtype: torch.dtype) -> None:
    """Zero mean and unit variance; pixels that never vary become zero."""
    pixels = torch.from_numpy(load_digits(return_X_y=True)[0]).to(dtype)
    before = pixels.clone()
    result = Standardiser.of(pixels)(pixels)
    assert result.dtype == torch.float64
    np.testing.assert_allclose(result, StandardScaler().fit_transform(pixels.double().numpy()), atol=1e-12)
    assert torch.equal(pixels, before)
