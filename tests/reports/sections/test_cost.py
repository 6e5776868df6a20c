"""What each method costs, at its largest budget."""

from tests.material.examples import a_record
from tests.material.summaries import a_summary, table_of


def test_each_method_costs_at_its_largest_budget() -> None:
    headers, cells = table_of("cost", a_summary())
    assert [row[2] for row in cells] == ["1,000", "1,000"]
    assert {len(row) for row in cells} == {len(headers)}


def test_a_step_behind_a_cached_part_is_told_from_a_whole_one() -> None:
    cached = a_record(cell_id="x", method="partial_finetune", frozen_part="up to layer3", n_labels=2000)
    extracted = a_record(cell_id="y", method="mlp_probe", frozen_part="features", throughput_of="extraction")
    _, cells = table_of("cost", a_summary(cached, extracted))
    kinds = {row[1].partition(" ")[0]: row[4] for row in cells}
    assert kinds["partial_finetune"] == "training (up to layer3 cached)"
    assert (kinds["mlp_probe"], kinds["finetune"]) == ("extraction", "training")
