"""How accurate is what, with how many labels?"""

from bench.answers.noise import varied
from bench.answers.summary import Summary
from bench.contracts.reports import Captioned, Picture, Section
from bench.reports.figures.accuracy import accuracy_curves
from bench.reports.figures.drawing import PANELS
from bench.reports.tables.accuracy import accuracy_table
from bench.reports.tables.formatting import listed
from bench.statistics.variance import CAUSES

EXPLANATION = (
    "Test accuracy in %: mean ± half of the 95 % interval (Student t) over seeds, and their number. A label budget "
    "holds training *and* validation images; the test images were looked at once per cell, after training."
)


def section(summary: Summary) -> Section:
    """A table for each backbone, and the curves of all."""
    suite, told = summary.suite, "mean ± half of the 95 % interval (number of seeds)"
    return Section(
        title="Accuracy by label budget",
        explanation=f"{EXPLANATION} {seeds_sentence(summary)}",
        tables=tuple(
            Captioned(
                block.title,
                accuracy_table(block),
                is_heading=True,
                stubs=1,
                paper=f"{suite}: test accuracy in % of {block.title}, {told}",
            )
            for block in summary.blocks
        ),
        picture=Picture(
            "Test accuracy against labels", lambda folder: accuracy_curves(summary, folder), _left_out(summary)
        ),
        chart="accuracy" if summary.rows else "",
    )


def _left_out(summary: Summary) -> str:
    if len(summary.blocks) <= PANELS:
        return ""
    return f"Pictures are of the first {PANELS} of {len(summary.blocks)} tables; `--filter` narrows a report."


def seeds_sentence(summary: Summary) -> str:
    """Say what chance drew anew from cell to cell, and what stayed the same."""
    found = summary.ask(varied)
    drawn = [f"{listed(cause.split(' + '))} ({count} seeds)" for cause, count in found.factors]
    if not drawn:
        told = "A single seed drew the labelled images, the initialisation and the order of training."
    elif len(drawn) == 1 and not found.fixed:
        told = f"A seed draws {listed(list(CAUSES.values()))} together."
    else:
        told = f"Seeds that varied{' apart' if len(drawn) > 1 else ''}: {'; '.join(drawn)}."
        if found.fixed:
            told += f" The same in all cells: {listed(list(found.fixed))}."
    return told + (f" Cells ran up to {found.repeats} times." if found.repeats > 1 else "")
