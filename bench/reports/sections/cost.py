"""What does it cost?"""

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.contracts.reports import Section
from bench.reports.tables.formatting import at_largest, number, shown

EXPLANATION = (
    "At each method's largest budget, means over seeds. Images/s is of training steps, warm-up apart, or of the "
    "extraction of frozen features from a cold cache. Peaks are exact, over training."
)


def section(summary: Summary) -> Section:
    """Throughput, step time, memory and time of each method at its largest budget."""
    return Section(
        title="Cost",
        explanation=EXPLANATION,
        tables=shown(
            "Throughput, memory and time",
            (HEADERS, [_cost(row, setting) for setting, row in at_largest(summary, lambda row: True)]),
            stubs=2,
            paper=f"{summary.suite}: cost at the largest label budget",
        ),
        chart="memory" if any(row.memory_mib_by_phase for row in summary.rows) else "",
    )


HEADERS = (
    "backbone",
    "method (initial weights)",
    "labels",
    "images/s",
    "of",
    "step p50, ms",
    "CPU s per 1,000 images",
    "peak RSS, MiB",
    "peak CUDA, MiB",
    "cell, s",
    "cell without caches, s",
    "trained parameters",
    "kept, kB",
)


def _cost(row: Row, setting: str) -> list[str]:
    return [
        row.backbone,
        setting,
        f"{row.n_labels:,}",
        number(row.throughput),
        row.throughput_of
        + (f" ({row.frozen_part} cached)" if row.throughput_of == "training" and row.frozen_part else ""),
        number(row.step_ms_p50, 1),
        number(row.cpu_s_per_1000_images, 1),
        number(row.peak_rss_mib),
        number(row.peak_cuda_allocated_mib),
        number(row.total_s, 1),
        number(row.cold_s, 1),
        f"{row.trainable_params:,}",
        f"{row.checkpoint_bytes / 1000:,.0f}",
    ]
