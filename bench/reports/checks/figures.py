"""A compared figure, and what it changed by, in words."""

import math

from bench.gate.changes import Change
from bench.gate.quantities import Quantity
from bench.gate.rules import Rule

MOST_DIGITS = 1e15
"""A number from here on is written with a power of ten."""


def figure(value: float | None, of: Quantity) -> str:
    """Return a figure with its unit, as in `91.2 %`, `570.8 MiB` or `1,698 images/s`; a dash where there is none."""
    if value is None:
        return "-"
    if of.unit == "share":
        return f"{value * 100:.2f} %"
    if of.unit == "s" and 0 < value < 1:
        return f"{value * 1000:.4g} ms"
    whole = value.is_integer() or abs(value) >= 10_000
    digits = f"{value:,.0f}" if whole and abs(value) < MOST_DIGITS else f"{value:.4g}"
    return f"{digits} {of.unit}".rstrip()


def changed(rule: Rule, change: Change) -> str:
    """Return what the new side is over the base, as in `+4.2 % (1.0 to 7.5)`."""
    if change.value is None:
        return "-"
    unit = "%" if rule.relative else "pp" if rule.quantity.unit == "share" else rule.quantity.unit
    told = f"{_scaled(rule, change.value):+.3g} {unit}".rstrip() if change.value else "none"
    if change.low is None or change.high is None or change.equal:
        return told
    if rule.quantity.unit == "share" and (change.low < -1 or change.high > 1):  # beyond what shares can differ by
        return f"{told} ± {_scaled(rule, change.high - change.value):.3g}"
    return f"{told} ({_scaled(rule, change.low):.3g} to {_scaled(rule, change.high):.3g})"


def _scaled(rule: Rule, value: float) -> float:
    return grown(rule, value) * (100 if rule.relative or rule.quantity.unit == "share" else 1)


def grown(rule: Rule, value: float) -> float:
    """Return a change as a share of the base where the rule is relative, else as the difference that it is."""
    if not rule.relative:
        return value
    try:
        return math.expm1(value)
    except OverflowError:
        return math.inf
