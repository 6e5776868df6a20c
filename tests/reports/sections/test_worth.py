"""What fine-tuning is worth in labels of the probe."""

from tests.material import compared
from tests.material.summaries import table_of


def test_fine_tuning_is_told_in_labels_of_the_probe() -> None:
    headers, cells = table_of("worth", compared.a_summary())
    times = {line[2]: line[headers.index("times the labels")] for line in cells}
    assert set(times) == {"10", "50", "250", "1,000"}
    assert float(times["10"]) < 1, "behind the probe"
    assert times["1,000"] == "-" or times["1,000"].startswith("over") or float(times["1,000"]) > 1
