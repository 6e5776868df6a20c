"""Labels for a target accuracy, with a warning where a figure is a guess."""

import re

from tests.material import compared
from tests.material.summaries import table_of


def test_labels_needed_are_told_with_their_warnings() -> None:
    """Each setting for each target: what was asked for, and the best of what is frozen."""
    headers, cells = table_of("needs", compared.a_summary())
    assert len(cells) == 6
    told_by = {(line[headers.index("target, %")], line[2].partition(" ")[0]): line for line in cells}
    asked = told_by["70.0 (asked for)", "scratch"]
    low, high = (int(part) for part in re.findall(r"\d+", asked[3].partition("(")[2]))
    assert 150 < low < int(asked[3].partition(" ")[0]) < high < 400
    assert asked[4:6] == ["10 to 1,000", "no"]
    assert {line[5] for line in cells} <= {"no", "interval", "yes", "-"}
    assert all(re.fullmatch(r"\d+\.\d", line[6]) for line in cells)
