"""What always the same choice costs, and over how much that is known."""

from tests.material import compared
from tests.material.summaries import section_of, table_of


def test_standings_are_told_with_what_they_are_over() -> None:
    summary = compared.a_summary(("digits", "glyphs"))
    _, cells = table_of("standings", summary)
    assert [line[0].partition(" ")[0] for line in cells][-1] == "scratch"
    lines = section_of("standings", summary).lines
    assert lines[0] == "3 settings over 8 tasks."
    assert lines[-1] == "No test over data sets: 2 data sets, it takes 5."
