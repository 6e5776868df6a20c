"""Which phase of a cell raised its peak of memory, and by how much. Pure."""

import math
from collections.abc import Mapping, Sequence

from bench.records.record import Record

BEFORE = "before the cell"


def memory_by_phase(records: Sequence[Record]) -> dict[str, float] | None:
    """Return by how many MiB each phase raised the peak, as means over seeds; together they are the highest peak.

    On a GPU of its allocated memory, else of the process's, whose own share stands under `before the cell`.
    Null where a record has no peaks by phase.
    """
    risen = [_risen(record) for record in records]
    known = [each for each in risen if each is not None]
    if not known or len(known) < len(risen):
        return None
    phases = dict.fromkeys(phase for each in known for phase in each)
    return {phase: math.fsum(each.get(phase, 0.0) for each in known) / len(known) for phase in phases}


def _risen(record: Record) -> dict[str, float] | None:
    if record.peak_cuda_mib_by_phase:
        return _rises({phase: peaks[0] for phase, peaks in record.peak_cuda_mib_by_phase.items()}, {})
    if record.peak_rss_mib_by_phase:
        before = {} if record.baseline_rss_mib is None else {BEFORE: record.baseline_rss_mib}
        return _rises(record.peak_rss_mib_by_phase, before)
    return None


def _rises(peaks: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """Part the highest of consecutive peaks by who raised it: a phase that stays below an earlier one adds nothing."""
    rises, highest = {}, 0.0
    for phase, peak in {**before, **peaks}.items():
        rises[phase] = max(0.0, peak - highest)
        highest = max(highest, peak)
    return rises
