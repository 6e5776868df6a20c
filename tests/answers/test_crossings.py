"""All pairs of a table: from how many labels on which is ahead of which."""

import numpy as np
import pytest

from bench.answers.crossings import crossings_of
from bench.answers.rows.rows import Row
from tests.material.answered import rows

SHARES = {
    ("finetune", 50): 0.6,
    ("finetune", 500): 0.9,
    ("linear_probe", 50): 0.7,
    ("linear_probe", 500): 0.8,
    ("scratch", 50): 0.3,
    ("scratch", 500): 0.5,
    ("ridge_probe", 500): 0.5,
}


def table() -> tuple[dict[str, list[Row]], dict[str, np.ndarray]]:
    made, right = rows(SHARES)
    by_setting: dict[str, list[Row]] = {}
    for row in made:
        by_setting.setdefault(row.method, []).append(row)
    return by_setting, right


def test_every_pair_that_shares_two_budgets_stands_in_both_orders() -> None:
    """What has one budget only is left out."""
    by_setting, right = table()
    found = crossings_of("a table", by_setting, right.get)
    assert found is not None
    assert (found.title, found.settings) == ("a table", ("finetune", "linear_probe", "scratch"))
    assert len(found.found) == 6
    assert {side: found.found[pair].found.side for side, pair in {"first": ("finetune", "scratch")}.items()} == {
        "first": "always"
    }
    assert found.found["scratch", "finetune"].found.side == "never"


def test_one_is_ahead_where_the_other_is_not() -> None:
    """Fine-tuning overtakes the probe, so the probe is ahead for good nowhere; the draws are the same ones."""
    by_setting, right = table()
    found = crossings_of("", by_setting, right.get)
    assert found is not None
    forth, back = (found.found[pair].found for pair in (("finetune", "linear_probe"), ("linear_probe", "finetune")))
    assert (forth.side, back.side) == ("crosses", "never")
    assert forth.labels is not None
    assert 50 < forth.labels < 500
    assert forth.shares[2] == pytest.approx(back.shares[1])
    assert found.found["finetune", "linear_probe"].first.method == "finetune"


def test_nothing_to_compare_is_no_map() -> None:
    by_setting, right = table()
    assert crossings_of("", {name: mine[:1] for name, mine in by_setting.items()}, right.get) is None
    assert crossings_of("", by_setting, {}.get) is None
