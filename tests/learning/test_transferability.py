"""The scores against what they are defined as, and that they rank what is plainly ranked."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.covariance import ledoit_wolf
from sklearn.datasets import load_digits

from bench.learning.transferability import h_score, knn, leep, log_me, nce

Matrix = npt.NDArray[np.float64]
SCORES = {"logme": log_me, "h_score": h_score, "knn": knn}


def digits(count: int) -> tuple[Matrix, npt.NDArray[np.int64]]:
    """Some digits, standardised."""
    pixels, labels = load_digits(return_X_y=True)
    some = pixels[:count]
    return (some - some.mean(0)) / np.maximum(some.std(0), 1e-6), labels[:count].astype(np.int64)


def highest_evidence(features: Matrix, target: Matrix) -> float:
    """Maximise the Gaussian's density of the target over both precisions, by a general optimiser."""
    count = len(target)

    def negative(logs: Matrix) -> float:
        covariance = features @ features.T / np.exp(np.clip(logs[0], -20, 20)) + np.eye(count) / np.exp(
            np.clip(logs[1], -20, 20)
        )
        return -float(multivariate_normal(np.zeros(count), covariance, allow_singular=True).logpdf(target))

    starts = [np.array([first, second]) for first in (0.0, 5.0) for second in (0.0, 5.0)]
    return max(-float(minimize(negative, start, method="Nelder-Mead").fun) for start in starts) / count


@pytest.mark.parametrize(("count", "width"), [(60, 12), (30, 50)])
def test_log_me_is_the_highest_evidence(count: int, width: int) -> None:
    """Against a search for it, with more images than features and the other way round."""
    features, labels = digits(5 * count)
    some = np.flatnonzero(labels < 3)[:count]  # of three classes: the search takes its time for each
    features, labels = features[some, :width], labels[some]
    expected = np.mean([highest_evidence(features, (labels == label) * 1.0) for label in np.unique(labels)])
    assert log_me(features, labels) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("name", SCORES)
def test_more_of_the_picture_scores_higher(name: str) -> None:
    """All pixels against four of them, and those against noise."""
    features, labels = digits(300)
    noise = np.random.default_rng(0).normal(size=features.shape)
    whole, part, none = (SCORES[name](each, labels) for each in (features, features[:, 18:22], noise))
    assert whole is not None
    assert part is not None
    assert none is not None
    assert whole > part
    assert knn(features, labels) > 0.8  # type: ignore[operator]
    if name != "h_score":  # which counts dimensions, of noise too
        assert part > none


def test_h_score_of_one_feature_is_its_correlation_ratio() -> None:
    """The variance of the class means over the whole variance, where images are plenty."""
    generator = np.random.default_rng(0)
    labels = np.arange(20_000) % 2
    feature = labels * 2.0 + generator.normal(size=20_000)
    assert h_score(feature[:, None], labels) == pytest.approx(1 / (1 + 1), abs=0.02)


@pytest.mark.parametrize(("count", "width"), [(300, 64), (40, 64), (12, 1), (12, 30)])
def test_h_score_is_the_trace_by_its_definition(count: int, width: int) -> None:
    """Of the inverse covariance, as scikit-learn shrinks it, times that of the class means, shrunk alike."""
    features, labels = digits(count)
    features = features[:, 64 - width :] * np.arange(1, width + 1)
    covariance, shrinkage = ledoit_wolf(features)
    means = np.stack([features[labels == label].mean(0) for label in np.unique(labels)]) - features.mean(0)
    between = (means.T * np.bincount(labels)) @ means / count
    expected = (1 - shrinkage) * np.trace(np.linalg.pinv(covariance) @ between)
    assert h_score(features, labels) == pytest.approx(expected, rel=1e-6)


def test_features_that_say_nothing_at_all() -> None:
    """Constant ones, as of units that are dead, share nothing between the classes."""
    labels = np.arange(12) % 3
    assert h_score(np.ones((12, 5)), labels) == 0.0
    evidence = log_me(np.zeros((12, 5)), labels)
    assert evidence is not None
    assert np.isfinite(evidence)


@pytest.mark.parametrize("seed", range(20))
def test_two_images_of_two_classes_are_told_apart_by_any_wide_features(seed: int) -> None:
    """All their spread lies between the classes, and the covariance has one direction, which nothing may divide by."""
    features = np.random.default_rng(seed).normal(size=(2, 1280))
    assert h_score(features, np.array([0, 1])) == pytest.approx(1.0)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
@pytest.mark.parametrize("count", [40, 300])
def test_h_score_does_not_hang_on_the_unit(scale: float, count: int) -> None:
    """Features that are all small or all large score as they do standardised."""
    features, labels = digits(count)
    assert h_score(features * scale, labels) == pytest.approx(h_score(features, labels), rel=1e-6)


def test_leep_and_nce_by_hand() -> None:
    """Four images, two labels, two source classes that are sure: both are the conditional entropy."""
    labels = np.array([0, 0, 0, 1])
    source = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    expected = 0.5 * np.log(1.0) + 0.5 * np.log(0.5)
    assert leep(source, labels, source) == pytest.approx(expected)
    assert nce(source, labels, source) == pytest.approx(expected)


def test_leep_is_best_where_the_source_tells_the_labels() -> None:
    """Zero; and worse the less sure it is."""
    labels = np.arange(50) % 5
    sure = np.eye(5)[labels]
    assert leep(sure, labels, sure) == pytest.approx(0.0)
    assert nce(sure, labels, sure) == pytest.approx(0.0)
    blurred = 0.5 * sure + 0.1
    assert leep(sure, labels, blurred) < -0.1  # type: ignore[operator]


def test_without_a_source_classifier_there_is_no_leep() -> None:
    """Nothing is made up for it."""
    features, labels = digits(20)
    assert leep(features, labels) is None
    assert nce(features, labels) is None
    assert knn(features[:1], labels[:1]) is None
