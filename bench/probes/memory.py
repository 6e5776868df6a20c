"""Peak memory of a cell."""

from typing import Any

from bench.cell.job import CellRun


def probe(run: CellRun) -> dict[str, Any]:
    """Return peaks in MiB: resident memory over training and by phase, CUDA memory over training.

    The headline figures are of the training phase, feature extraction included; the other phases stand beside it.
    `cuda_device_used_mib` is of the whole device, with other processes and the driver's own share.
    """
    # the kernel's mark, not samples: one every 100 ms saw nothing of a spike of 300 MiB that lasted some ms
    cuda = run.phases.cuda_mib
    allocated, reserved, used = cuda.get("train", (None, None, None))
    return {
        "peak_rss_mib": run.phases.rss_mib["train"],
        "peak_rss_mib_by_phase": {name: round(value, 1) for name, value in run.phases.rss_mib.items()},
        "baseline_rss_mib": run.baseline_rss_mib,
        "rss_method": "VmHWM, reset at each phase" if run.phases.exact else "highest over the process's life",
        "peak_cuda_allocated_mib": allocated,
        "peak_cuda_reserved_mib": reserved,
        "cuda_device_used_mib": used,
        "peak_cuda_mib_by_phase": {name: [round(mib, 1) for mib in peaks[:2]] for name, peaks in cuda.items()} or None,
    }
