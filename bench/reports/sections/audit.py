"""Did the cells keep the protocol?"""

from bench.answers.audit import audit, audit_failures
from bench.answers.summary import Summary
from bench.contracts.reports import Section, Table
from bench.reports.tables.formatting import shown

EXPLANATION = "Checked in every cell that has a number."


def section(summary: Summary) -> Section:
    """Each check with how many cells passed, and each failure."""
    return Section(
        title="Audit",
        explanation=EXPLANATION,
        tables=shown("Checks", audit_table(summary)),
        lines=tuple(f"failed: {failure}" for failure in summary.ask(audit_failures)),
    )


def audit_table(summary: Summary) -> Table:
    """Each check with how many cells passed."""
    names = {
        "frozen_unchanged": "what is frozen is bit for bit unchanged",
        "optimizer_exact": "the optimiser holds exactly the trainable parameters",
        "splits_disjoint": "training, validation and test images are disjoint",
        "test_opened_once": "the test set was opened once",
        "initial_loss_ln_classes": "the first loss is near ln(classes)",
    }
    cells = [
        [names.get(check, check), "FAIL" if failed else "pass", str(passed), str(failed), str(rest)]
        for check, (passed, failed, rest) in summary.ask(audit).items()
    ]
    return ["check", "verdict", "passed", "failed", "does not apply"], cells
