"""Figures that no cell can have measured are left out; all others are left alone."""

import dataclasses
import math

from hypothesis import given
from hypothesis import strategies as st

from bench.records.plausible import DECISIVE, RANGES, plausible
from bench.records.record import Record
from tests.material.examples import a_record
from tests.material.summaries import PROFILED, TRIALS, UNFINISHED

FLAT = [each.name for each in dataclasses.fields(Record) if each.name in RANGES and each.type == float | None]


def test_what_can_be_is_left_as_it_is() -> None:
    """The very same objects: ends of ranges, nulls, parts that are null."""
    records = [a_record(), PROFILED, UNFINISHED, a_record(accuracy=1.0, oracle_accuracy=0, trials=TRIALS)]
    records += [a_record(per_class_accuracy=[0.0, None, 1.0], transferability={"logme": -3.0, "leep": None})]
    kept, said = plausible(records)
    assert said == ()
    assert all(one is other for one, other in zip(kept, records, strict=True))


@given(st.sampled_from(FLAT), st.floats(allow_nan=True) | st.integers())
def test_a_figure_is_kept_exactly_where_it_lies_within_its_range(name: str, value: float) -> None:
    """What is left is what was there, or null."""
    low, high = RANGES[name]
    record = a_record(**{"features_s": None, name: value})
    (kept,), said = plausible([record])
    within = not math.isnan(value) and low <= value <= high
    if name in ("total_s", "features_s", "features_cold_s"):  # these must fit one another too
        within = within and getattr(kept, name) is not None
    assert (getattr(kept, name) is not None, bool(said)) == (within, not within)
    assert kept.status == ("failed" if not within and name in DECISIVE else "ok")


def test_a_cell_that_has_no_accuracy_has_no_number() -> None:
    """Whatever its status says."""
    (kept,), _ = plausible([a_record(accuracy=None)])
    assert (kept.status, kept.reason) == ("failed", "not reliable: accuracy: missing; run it again")


def test_phases_are_not_charged_with_a_baseline_that_can_not_be() -> None:
    """Their part is not known then."""
    (kept,), _ = plausible([a_record(baseline_rss_mib=-1.0, peak_rss_mib_by_phase={"train": 300.0})])
    assert (kept.baseline_rss_mib, kept.peak_rss_mib_by_phase, kept.status) == (None, None, "ok")


def test_many_cells_of_one_fault_are_one_sentence() -> None:
    """The first three are named."""
    _, (said,) = plausible([a_record(seed=seed, mfu=1.3) for seed in range(5)])
    assert said.startswith("mfu is not reliable in 5 cells and left out there: 1.3 is no share: 0 to 1 (")
    assert said.endswith("seed 2 and 2 more).")
