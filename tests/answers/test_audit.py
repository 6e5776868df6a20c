"""The audit of a run: each check over all its cells."""

from bench.answers.audit import audit, audit_failures
from tests.material.examples import a_record
from tests.material.summaries import summary_of


def test_the_audit_counts_passes_failures_and_what_does_not_apply() -> None:
    summary = summary_of(
        a_record(audit={"frozen_unchanged": True, "optimizer_exact": None}),
        a_record(audit={"frozen_unchanged": False, "optimizer_exact": True}, seed=1),
        a_record(audit=None, seed=2),
        a_record(audit={"frozen_unchanged": False}, seed=3, status="failed"),
    )
    assert summary.ask(audit) == {"frozen_unchanged": (1, 1, 1), "optimizer_exact": (1, 0, 2)}
    (failure,) = summary.ask(audit_failures)
    assert failure.startswith("frozen_unchanged: ")
    assert "seed 1" in failure
