"""A demanded hash is of what the suite names."""

from pathlib import Path

import pytest

from bench.errors import InvalidSuite
from bench.schema import Required
from bench.suites.requirements import from_a_file
from bench.suites.suite import read_suite
from tests.material import tiny

HASH = "0123456789ab"


def test_hashes_are_read_and_change_no_cell(tmp_path: Path) -> None:
    """They say what is read, not what a cell is."""
    plain = tiny.cells_of(tiny.write_suite(tmp_path))
    demanding = tiny.write_suite(tmp_path, f'{tiny.SUITE}require: {{data: {{digits: "{HASH}"}}}}\n')
    assert read_suite(demanding).required == Required({"digits": HASH}, {})
    assert [cell.cell_id for cell in tiny.cells_of(demanding)] == [cell.cell_id for cell in plain]
    assert (
        read_suite(demanding, ["grid.source=glyphs", f"require.data.glyphs='{HASH}'"]).required.data["glyphs"] == HASH
    )


def test_each_name_that_the_suite_lacks_is_told_with_its_place(tmp_path: Path) -> None:
    """All at once."""
    text = f'{tiny.SUITE}require:\n  data: {{digitz: "{HASH}"}}\n  weights: {{test_resnet: "{HASH}"}}\n'
    with pytest.raises(InvalidSuite) as caught:
        read_suite(tiny.write_suite(tmp_path, text))
    first, second = caught.value.problems
    assert "tiny.yaml:12:" in first
    assert "require.data: unknown data set of this suite 'digitz'; did you mean digits?" in first
    assert "require.weights: unknown weights of this suite 'test_resnet'" in second, "all of the suite's are random"


@pytest.mark.parametrize(
    ("weights", "whether"), [("pretrained", True), ("random", False), ("supervised@glyphs", False)]
)
def test_weights_of_others_come_from_a_file(weights: str, whether: bool) -> None:
    assert from_a_file(weights) == whether
