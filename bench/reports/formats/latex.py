"""The tables of the summary for a paper: LaTeX with booktabs, to be read in by `\\input`."""

from pathlib import Path

from bench.answers.summary import Summary
from bench.reports.tables.booktabs import PACKAGES, tabular
from bench.reports.tables.tables import Table, accuracy_table, cost_table, oracle_table
from bench.reports.tables.verdict_tables import best_table, frozen_against_tuned


def render(summary: Summary, folder: Path) -> str:
    """Return a table for each block of accuracies, then the verdicts, the cost and the oracle's claims."""
    suite = summary.suite
    found: list[tuple[Table, int, str]] = [
        (
            accuracy_table(block),
            1,
            f"{suite}: test accuracy in % of {block.title}, mean ± half of the 95 % interval (number of seeds)",
        )
        for block in summary.blocks
    ]
    found += [
        (frozen_against_tuned(summary), 2, f"{suite}: full fine-tuning against the linear probe, Holm-corrected"),
        (best_table(summary), 4, f"{suite}: each method against the best of its label budget, Holm-corrected"),
        (cost_table(summary), 2, f"{suite}: cost at the largest label budget"),
        (oracle_table(summary), 2, f"{suite}: honest against oracle"),
    ]
    texts = [tabular(headers, cells, stubs, caption) for (headers, cells), stubs, caption in found if cells]
    return "\n\n".join([PACKAGES, *texts]) + "\n"
