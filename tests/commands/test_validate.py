"""`bench validate`: every mistake with its place, or how much a suite holds."""

from pathlib import Path

from tests.material import tiny
from tests.material.command_line import Command


def test_validate_reports_all_mistakes_with_their_places(bench: Command, tmp_path: Path) -> None:
    """Line and column, what is wrong, and a near name."""
    text = tiny.SUITE.replace("scratch", "scrtch").replace("image_size: 32", "image_size: big").replace("[2, 6]", "[]")
    said = bench("validate", tiny.write_suite(tmp_path, text))
    assert said.code == 2
    assert "tiny.yaml:3:1: image_size" in said.err
    assert "labels_per_class" in said.err
    names = bench("validate", tiny.write_suite(tmp_path, tiny.SUITE.replace("scratch", "scrtch")))
    assert names.code == 2
    assert "tiny.yaml:7:12" in names.err
    assert "did you mean scratch" in names.err


def test_validate_says_how_many_cells_a_suite_has(bench: Command, suite: Path) -> None:
    """Exit code 0."""
    said = bench("validate", suite)
    assert (said.code, said.out) == (0, f"{suite}: valid, 6 cells\n")


def test_an_override_of_a_suite_of_workloads_is_refused(bench: Command) -> None:
    """It would change nothing, in silence."""
    said = bench("validate", "throughput", "--set", "batch_size=64")
    assert said.code == 2
    assert "names workloads; what it asks for is changed in the file" in said.err


def test_a_grid_of_too_many_cells_is_refused_before_it_is_made(bench: Command, suite: Path) -> None:
    """With the key that moves the limit."""
    said = bench("validate", suite, "--set", "max_cells=5")
    assert said.code == 2
    assert said.err.startswith(
        f"{suite}:4:1: grid: 6 cells before exclude, more than 5; ask for fewer, or raise max_cells"
    )
