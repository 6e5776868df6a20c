"""From how many labels on one setting is ahead of another: where the curves cross, and nowhere else."""

from bench.answers.crossings import crossings_of
from bench.answers.overtaking import overtaking
from tests.material.answered import rows


def test_overtaking_lies_where_the_curves_cross() -> None:
    """Behind at 50 labels, ahead at 500: between the two."""
    made, right = rows(
        {
            ("finetune", 50): 0.6,
            ("finetune", 500): 0.9,
            ("linear_probe", 50): 0.7,
            ("linear_probe", 500): 0.8,
        }
    )
    tuned = [row for row in made if row.method == "finetune"]
    frozen = [row for row in made if row.method == "linear_probe"]
    found = overtaking(tuned, frozen, right.get)
    assert found is not None
    assert found.budgets == (50, 500)
    assert found.found.side == "crosses"
    assert found.found.labels is not None
    assert 100 < found.found.labels < 250
    back = overtaking(frozen, tuned, right.get)
    assert back is not None
    assert back.found.shares[:2] == (found.found.shares[1], back.found.shares[1])
    assert (back.first, back.second) == (found.second, found.first)
    map_ = crossings_of("", {"probe": frozen, "tuned": tuned}, right.get)
    turned = crossings_of("", {"tuned": tuned, "probe": frozen}, right.get)
    assert map_ is not None
    assert turned is not None
    assert map_.found["tuned", "probe"] == turned.found["tuned", "probe"] == found, "one answer, to the last digit"
    assert overtaking(tuned[:1], frozen, right.get) is None, "one budget is no curve"
    assert overtaking(tuned, frozen, {}.get) is None
