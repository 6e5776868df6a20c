"""The checks of the protocol, each with its verdict."""

from tests.material.examples import a_record
from tests.material.summaries import a_summary, table_of


def test_every_check_has_its_verdict() -> None:
    _, cells = table_of("audit", a_summary(a_record(cell_id="x", seed=8, audit={"own_check": False})))
    verdicts = {row[0]: row[1] for row in cells}
    assert verdicts["own_check"] == "FAIL"
    assert verdicts["what is frozen is bit for bit unchanged"] == "pass"
