"""`bench recommend`: its options become what is wanted, and its answer is printed whatever it is."""

from pathlib import Path

import click
import pytest

from bench.commands.recommend import Finite
from tests.material.command_line import Command
from tests.material.kept_runs import write_run
from tests.material.measured import row


@pytest.mark.parametrize(
    ("limit", "fits"),
    [
        (("--max-memory", "399MiB"), False),
        (("--max-memory", "400MiB"), True),
        (("--max-memory", "0.4GiB"), True),
        (("--device", "cuda"), False),
        (("--device", "cpu"), True),
    ],
    ids=str,
)
def test_a_limit_leaves_out_what_is_over_it(bench: Command, tmp_path: Path, limit: tuple[str, ...], fits: bool) -> None:
    """Both answers end with 0: that nothing fits is an answer."""
    write_run(tmp_path / "run", row([0.9, 0.91, 0.92]))
    said = bench("recommend", "run", "--labels", "50", *limit)
    assert said.code == 0, said.err
    assert said.out.startswith("No: nothing measured") is not fits


@pytest.mark.parametrize("written", ["nan", "inf", "-1"])
def test_a_limit_is_a_number_that_others_can_be_held_against(written: str) -> None:
    """Click takes the first two for numbers."""
    with pytest.raises(click.BadParameter):
        Finite(min=0).convert(written, None, None)
    assert Finite(min=0).convert("2.5", None, None) == 2.5
