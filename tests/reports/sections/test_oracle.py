"""What choosing on the test set would have claimed."""

from tests.material.summaries import a_summary, table_of


def test_optimism_is_the_best_on_test_minus_the_reported() -> None:
    _, cells = table_of("oracle", a_summary())
    assert len(cells) == 4
    assert {row[5] for row in cells if row[1].startswith("linear_probe")} == {"+41.0"}
