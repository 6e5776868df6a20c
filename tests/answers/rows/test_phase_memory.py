"""By how much each phase raised the peak: parts that add up to the highest peak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.answers.rows.phase_memory import BEFORE, memory_by_phase
from tests.material.examples import a_record

PEAKS = st.dictionaries(st.sampled_from(["data", "build", "train", "eval"]), st.floats(0, 1e6), min_size=1)


@given(PEAKS)
def test_the_parts_add_up_to_the_highest_peak(peaks: dict[str, float]) -> None:
    found = memory_by_phase([a_record(peak_rss_mib_by_phase=peaks)])
    assert found is not None
    assert sum(found.values()) == pytest.approx(max(peaks.values()))
    assert min(found.values()) >= 0


def test_a_phase_that_stays_below_an_earlier_one_adds_nothing() -> None:
    record = a_record(peak_rss_mib_by_phase={"data": 300.0, "train": 500.0, "eval": 400.0}, baseline_rss_mib=250.0)
    assert memory_by_phase([record]) == {BEFORE: 250.0, "data": 50.0, "train": 200.0, "eval": 0.0}


def test_seeds_are_averaged() -> None:
    records = [a_record(peak_rss_mib_by_phase={"train": peak}) for peak in (100.0, 200.0)]
    assert memory_by_phase(records) == {"train": 150.0}


def test_on_a_gpu_it_is_the_allocated_memory() -> None:
    record = a_record(peak_cuda_mib_by_phase={"train": [70.0, 90.0]}, peak_rss_mib_by_phase={"train": 900.0})
    assert memory_by_phase([record]) == {"train": 70.0}


def test_it_is_unknown_where_a_record_has_no_peaks_by_phase() -> None:
    assert memory_by_phase([a_record(peak_rss_mib_by_phase={"train": 1.0}), a_record()]) is None
