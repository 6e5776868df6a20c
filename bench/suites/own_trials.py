"""What gradient-trained methods try by themselves, so that none is judged by a rate that suits another task. Pure."""

from collections.abc import Mapping
from typing import Any

from bench.schema import Choice, Suite, Training

RATES = ("learning_rate", "head_learning_rate")
FACTORS = (1.0, 0.2, 10.0)
"""What a method's rates are multiplied by, its own first: another must be told from them to take their place."""
FEW_LABELS = 0.6
"""What they are multiplied by where the budget is too small to try: with few labels much is lost by going too far from
weights that know something. Random ones know nothing to lose."""


def own_trials(suite: Suite, choice: Choice, method: Any, training: Training) -> tuple[Mapping[str, Any], ...]:
    """Return the settings that a method tries by itself; nothing where a rate is given, or matters not."""
    given = {*suite.train, *choice.params}
    if suite.tune is not None or given & {*RATES}:
        return ()
    # what learns a labelled source is not short of labels; a method without a rate may have no use for any
    if getattr(method, "solved", False) or getattr(method, "uses_source", False) or not _has_rate(method):
        return ()
    return tuple(scaled(training, factor) for factor in FACTORS)


def _has_rate(method: Any) -> bool:
    return "learning_rate" in method.defaults


def few_labels(method: Any, training: Training) -> dict[str, float]:
    """Return the rates that are taken where the budget is too small to try any."""
    return scaled(training, FEW_LABELS if method.uses_weights else 1.0)


def scaled(training: Training, factor: float) -> dict[str, float]:
    """Return the rates of a recipe times a factor."""
    rates = {key: getattr(training, key) for key in RATES}
    return {key: float(f"{rate * factor:.6g}") for key, rate in rates.items() if rate is not None}
