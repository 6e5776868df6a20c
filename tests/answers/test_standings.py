"""Which setting to take where the same one is taken always."""

import pytest

from bench.answers.standings import ranking
from tests.material import compared
from tests.material.examples import a_record
from tests.material.summaries import a_summary, summary_of

TUNED, FROZEN = "finetune (supervised@glyphs)", "linear_probe (supervised@glyphs)"


def test_settings_are_ranked_over_the_budgets_of_a_table() -> None:
    """Fine-tuning is ten points ahead at both."""
    (found,) = a_summary().ask(ranking)
    assert [(each.setting, each.average_rank) for each in found.standings] == [(TUNED, 1.0), (FROZEN, 2.0)]
    assert [each.regret for each in found.standings] == [0.0, pytest.approx(0.1)]
    assert found.tasks == (("digits", "test_resnet", "5 per class"), ("digits", "test_resnet", "100 per class"))


def test_a_task_names_its_data_set_once() -> None:
    """Where several make it part of the table's title too."""
    (found,) = compared.a_summary(("digits", "glyphs")).ask(ranking)
    assert [task[:2] for task in found.tasks] == [("digits", "test_resnet")] * 4 + [("glyphs", "test_resnet")] * 4


def test_a_setting_that_a_table_lacks_is_left_out() -> None:
    frozen, tuned, near = (
        a_record(cell_id=name, backbone="test_vit", method=name) for name in ("linear_probe", "finetune", "knn")
    )
    (found,) = a_summary(frozen, tuned, near).ask(ranking)
    assert {each.setting for each in found.standings} == {TUNED, FROZEN}
    assert found.left_out == ("knn (supervised@glyphs)",)
    assert [task[1] for task in found.tasks] == ["test_resnet", "test_resnet", "test_vit"]


def test_a_single_setting_has_no_rank() -> None:
    assert summary_of(a_record(), a_record(budget="10 per class", n_labels=100)).ask(ranking) == ()
