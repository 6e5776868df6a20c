"""Blocks tell processor time from sleep, and a peak is that of its unit."""

import time

import numpy as np

from bench.gate.duel.clock import peak_mib, run_block


def test_a_block_tells_sleep_from_work() -> None:
    """Of the unit that slept least, and nothing of it in the processor's time."""
    block = run_block(lambda: time.sleep(0.02), 3, "cpu")
    assert len(block.cost_s) == 3
    assert block.asleep_s > 0.01
    assert max(block.cost_s) < 0.02
    assert block.switches >= 1


def test_the_peak_is_of_the_unit() -> None:
    """What was in use before and given back is not in it; what the unit held for a moment is."""

    def holds(mib: int) -> None:
        np.ones(mib * 2**17).sum()

    holds(300)
    small, large = (peak_mib(lambda mib=mib: holds(mib), "cpu") for mib in (10, 200))  # type: ignore[misc]
    assert 150 < large - small < 230
