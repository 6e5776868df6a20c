"""Each row against the best of its label budget."""

from tests.material import compared
from tests.material.summaries import a_summary, section_of, table_of


def test_each_row_stands_beside_the_best_of_its_budget() -> None:
    headers, cells = table_of("best", compared.a_summary())
    best, other = headers.index("best"), headers.index("method (initial weights)")
    assert [(line[1], line[best].partition(" ")[0]) for line in cells[::2]] == [
        ("10 labels", "linear_probe"),
        ("50 labels", "linear_probe"),
        ("250 labels", "finetune"),
        ("1000 labels", "finetune"),
    ]
    assert all(line[best] != line[other] for line in cells)
    assert {line[-1].partition(" ")[0] for line in cells} == {"worse", "tie"}


def test_it_is_a_table_for_a_paper() -> None:
    (table,) = section_of("best", a_summary()).tables
    assert table.stubs == 4
    assert table.paper == "example: each method against the best of its label budget, Holm-corrected"
