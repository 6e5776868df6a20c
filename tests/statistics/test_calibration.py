"""Calibration figures agree with the field's library and with numbers worked out by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.statistics.calibration import expected_calibration_error, negative_log_likelihood, probabilities


def drawn(seed: int, images: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels at random."""
    generator = np.random.default_rng(seed)
    return 2 * generator.standard_normal((images, classes)), generator.integers(classes, size=images)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 300), st.integers(2, 12))
def test_calibration_error_is_that_of_torchmetrics(seed: int, images: int, classes: int) -> None:
    """Whose bins are closed on the other side, which matters for no confidence drawn at random."""
    from torchmetrics.functional.classification import multiclass_calibration_error

    logits, labels = drawn(seed, images, classes)
    shares = probabilities(logits)
    theirs = multiclass_calibration_error(torch.from_numpy(shares), torch.from_numpy(labels), classes, n_bins=15)
    assert expected_calibration_error(shares, labels) == pytest.approx(float(theirs), abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 300), st.integers(2, 12))
def test_log_likelihood_is_the_cross_entropy(seed: int, images: int, classes: int) -> None:
    logits, labels = drawn(seed, images, classes)
    theirs = torch.nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels))
    assert negative_log_likelihood(probabilities(logits), labels) == pytest.approx(float(theirs), rel=1e-9)


def test_who_is_right_as_often_as_he_says_is_calibrated() -> None:
    """Eight of ten at 0.8; then all of ten at 0.8, which is too modest by 0.2."""
    shares = np.tile([0.8, 0.2], (10, 1))
    assert expected_calibration_error(shares, np.array([0] * 8 + [1] * 2)) == pytest.approx(0)
    assert expected_calibration_error(shares, np.zeros(10, np.int64)) == pytest.approx(0.2)


def test_errors_of_one_bin_cancel_and_those_of_two_do_not() -> None:
    """The same mean confidence and accuracy, once within a bin and once apart."""
    within = np.array([[0.69, 0.31], [0.71, 0.29]])
    apart = np.array([[0.9, 0.1], [0.5, 0.5]])
    labels = np.array([0, 1])
    assert expected_calibration_error(within, labels) == pytest.approx(0.7 - 0.5)
    assert expected_calibration_error(apart, labels) == pytest.approx((0.1 + 0.5) / 2)


def test_certainty_stands_in_the_last_bin() -> None:
    """One and a value just below it are one bin."""
    shares = np.array([[1.0, 0.0], [0.98, 0.02]])
    assert expected_calibration_error(shares, np.array([0, 1])) == pytest.approx(0.99 - 0.5)


def test_impossible_label_costs_much_but_not_everything() -> None:
    """A class that has no training image has probability zero."""
    assert negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(12 * np.log(10))


def test_probabilities_of_large_logits_are_finite() -> None:
    assert probabilities(np.array([[1e30, -1e30, 0.0]], np.float32)).tolist() == [[1.0, 0.0, 0.0]]
