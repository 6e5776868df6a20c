"""Tables in Markdown: padded, and no cell is markup."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bench.reports.tables.pipes import pipe_table

TEXTS = st.text(st.sampled_from("ab|<>\n é"), max_size=6)


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert pipe_table(["method", "n"], [["finetune", "3"], ["knn", "10,000"]]).splitlines() == [
        "| method   | n      |",
        "|:---------|:-------|",
        "| finetune | 3      |",
        "| knn      | 10,000 |",
    ]


def test_bars_tags_and_line_ends_are_text() -> None:
    *_, line = pipe_table(["a"], [["x|y <b>\nz"]]).splitlines()
    assert line == r"| x\|y &lt;b> z |"


def test_a_table_without_lines_has_its_head() -> None:
    assert pipe_table(["a", "b"], []).splitlines() == ["| a   | b   |", "|:----|:----|"]


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), min_size=1)))
def test_every_line_has_as_many_cells_and_is_as_long_as_the_head(lines: list[list[str]]) -> None:
    told = pipe_table(lines[0], lines[1:]).split("\n")
    assert len(told) == len(lines) + 1
    assert len({len(line) for line in told}) == 1
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in told} == {len(lines[0]) + 1}
    assert "<" not in "".join(told)
