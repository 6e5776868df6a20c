"""Tables, sentences and pictures of the statistics: what they say is what the summary holds."""

import dataclasses
import itertools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest

from bench.answers.crossings import crossings
from bench.answers.label_needs import needs, worths
from bench.answers.summary import Summary, summarise
from bench.catalog import REPORTS
from bench.records.record import Record
from bench.reports.figures import rank_diagram as rank_diagram_module
from bench.reports.figures.crossing_maps import crossing_maps, told
from bench.reports.figures.rank_diagram import lacking, rank_diagram
from bench.reports.sections.accuracy import seeds_sentence
from bench.reports.tables.labels import labels
from bench.reports.tables.sentences import worth_lines
from bench.schema import Choice
from tests.material.command_line import Command
from tests.material.examples import a_cell, a_record
from tests.material.summaries import section_of, table_of

Answers = npt.NDArray[np.bool_]
BUDGETS = (10, 50, 250, 1000)
SHARES: Mapping[str, tuple[float, ...]] = {
    "linear_probe": (0.60, 0.75, 0.83, 0.86),
    "finetune": (0.45, 0.72, 0.88, 0.96),
    "scratch": (0.20, 0.40, 0.70, 0.90),
}


def a_run(datasets: tuple[str, ...] = ("digits",), **fields: str) -> tuple[list[Record], dict[str, Answers]]:
    """Three methods at four budgets with four seeds, and which of 500 test images each cell got right."""
    generator = np.random.default_rng(0)
    records, right = [], {}
    for dataset, (method, shares), seed in itertools.product(datasets, SHARES.items(), range(4)):
        for budget, share in zip(BUDGETS, shares, strict=True):
            name = f"{dataset}{method}{budget}{seed}"
            difficulty = np.linspace(0, 1, 500) + generator.normal(0, 0.1, 500)
            right[name] = difficulty < share + generator.normal(0, 0.01)
            made = a_record(cell_id=name, dataset=dataset, method=method, seed=seed, n_labels=budget, **fields)
            part = "features" if method == "linear_probe" else None
            accuracy = float(right[name].mean())
            records.append(dataclasses.replace(made, budget=f"{budget} labels", accuracy=accuracy, frozen_part=part))
    return records, right


def a_summary(datasets: tuple[str, ...] = ("digits",), **fields: str) -> Summary:
    records, right = a_run(datasets, **fields)
    return summarise(records, {}, right.get, targets=(0.7,))


def markdown(summary: Summary, folder: Path) -> str:
    text: str = REPORTS.entry("md").load()(summary, folder)
    return text


def apart(repeats: int = 1) -> Summary:
    """Cells whose images and initial weights were drawn apart."""
    draws = itertools.product(range(3), range(2), range(repeats))
    made = [
        a_record(a_cell(subset_seed=subset, init_seed=init, repeat=again), accuracy=0.8 + 0.03 * subset)
        for subset, init, again in draws
    ]
    return summarise(made, {})


def test_every_section_stands_in_the_report_with_its_pictures(tmp_path: Path) -> None:
    """And in none where there is nothing to tell."""
    text = markdown(a_summary(), tmp_path)
    for title in (
        "From how many labels on?",
        "Labels needed",
        "Label more or fine-tune?",
        "Always the same choice",
    ):
        assert f"## {title}" in text
    for name in re.findall(r"!\[[^]]*\]\((.*?)\)", text):
        assert (tmp_path / name).is_file(), name
    single = markdown(summarise([a_record()], {}), tmp_path / "other")
    for title in ("Ahead from", "Labels needed", "Label more", "Always the same", "Where the noise"):
        assert title not in single
    assert "## Where the noise comes from" in markdown(apart(), tmp_path / "apart")


def test_heat_map_holds_each_pair_and_is_the_same_twice(tmp_path: Path) -> None:
    """Names and words are text in the picture's data, one for each pair."""
    summary = a_summary()
    first, second = (crossing_maps(summary, tmp_path / name) for name in ("one", "two"))
    assert first is not None
    assert second is not None
    assert first.read_bytes() == second.read_bytes()
    ElementTree.parse(first)
    (each,) = summary.ask(crossings)
    words = {pair: told(overtaking.found) for pair, overtaking in each.found.items()}
    assert len(words) == 6
    assert words["linear_probe (supervised@glyphs)", "scratch"] in ("never", "always", "never?", "always?")
    crossing = float(words["finetune (supervised@glyphs)", "linear_probe (supervised@glyphs)"].rstrip("?"))
    assert 50 < crossing < 250


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    """Dollars are no formula to the picture, tags none to the report."""
    summary = a_summary(weights="$x^$ <script>")
    assert crossing_maps(summary, tmp_path) is not None
    assert rank_diagram(a_summary(tuple("abcde"), weights="$x^$"), tmp_path)
    assert "<script>" not in markdown(summary, tmp_path)


def test_labels_needed_are_told_with_their_warnings() -> None:
    """Each setting for each target: what was asked for, and the best of what is frozen."""
    headers, cells = table_of("needs", a_summary())
    assert len(cells) == 6
    told_by = {(line[headers.index("target, %")], line[2].partition(" ")[0]): line for line in cells}
    asked = told_by["70.0 (asked for)", "scratch"]
    low, high = (int(part) for part in re.findall(r"\d+", asked[3].partition("(")[2]))
    assert 150 < low < int(asked[3].partition(" ")[0]) < high < 400
    assert asked[4:6] == ["10 to 1,000", "no"]
    assert {line[5] for line in cells} <= {"no", "interval", "yes", "-"}
    assert all(re.fullmatch(r"\d+\.\d", line[6]) for line in cells)


def test_no_figure_is_told_far_from_what_was_measured() -> None:
    """Nor one for what a curve never comes to."""
    found = a_summary().ask(needs)[0].found
    assert labels(dataclasses.replace(found, labels=1e9, low=2e5, high=None), BUDGETS) == (
        "over 10,000 (over 10,000 to no end)"
    )
    assert labels(dataclasses.replace(found, labels=0.1, low=0.0, high=20.0), BUDGETS) == "under 1 (under 1 to 20)"
    assert labels(dataclasses.replace(found, labels=None, low=900.0, high=None), BUDGETS) == (
        "never, by its curve (900 at least)"
    )


def test_fine_tuning_is_told_in_labels_of_the_probe() -> None:
    headers, cells = table_of("worth", a_summary())
    times = {line[2]: line[headers.index("times the labels")] for line in cells}
    assert set(times) == {"10", "50", "250", "1,000"}
    assert float(times["10"]) < 1, "behind the probe"
    assert times["1,000"] == "-" or times["1,000"].startswith("over") or float(times["1,000"]) > 1


def test_worth_is_one_sentence_for_a_start(tmp_path: Path) -> None:
    """In the terminal as in the report, with a warning where a figure is a guess."""
    summary = a_summary()
    (line,) = worth_lines(summary)
    start = "test_resnet: finetune (supervised@glyphs) on 10, 50, 250 and 1,000 labels reaches what linear_probe"
    assert line.startswith(start)
    *_, last = summary.ask(worths)
    assert ("extrapolated" in line) == last.found.extrapolated
    for name in ("console", "md"):
        assert line in REPORTS.entry(name).load()(summary, tmp_path)


def test_standings_are_told_with_what_they_are_over() -> None:
    summary = a_summary(("digits", "glyphs"))
    _, cells = table_of("standings", summary)
    assert [line[0].partition(" ")[0] for line in cells][-1] == "scratch"
    lines = section_of("standings", summary).lines
    assert lines[0] == "3 settings over 8 tasks."
    assert lines[-1] == "No test over data sets: 2 data sets, it takes 5."


def test_diagram_is_drawn_with_enough_data_sets_and_else_says_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra the report says how to install it, and the test stands."""
    summary = a_summary(tuple("abcde"))
    assert "Friedman's test p" in section_of("standings", summary).lines[-1]
    path = rank_diagram(summary, tmp_path)
    assert path == tmp_path / "critical_difference.svg"
    first = path.read_bytes()
    rank_diagram(summary, tmp_path)
    assert path.read_bytes() == first
    assert lacking(summary) == ""
    assert rank_diagram(a_summary(), tmp_path) is None
    monkeypatch.setattr(rank_diagram_module, "LIBRARY", "no_such_library")
    assert rank_diagram(summary, tmp_path) is None
    assert "pip install" in markdown(summary, tmp_path)
    assert lacking(a_summary()) == ""


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (a_summary, "A seed draws labelled images, initialisation and order of training together."),
        (
            apart,
            "Seeds that varied apart: labelled images (3 seeds); initialisation (2 seeds). The same in all cells: "
            "order of training.",
        ),
        (lambda: apart(2), "The same in all cells: order of training. Cells ran up to 2 times."),
        (lambda: summarise([a_record()], {}), "A single seed drew the labelled images"),
    ],
)
def test_report_says_which_seeds_varied(made: Callable[[], Summary], said: str, tmp_path: Path) -> None:
    summary = made()
    assert said in seeds_sentence(summary)
    assert seeds_sentence(summary) in markdown(summary, tmp_path)


def test_noise_is_told_in_points_by_cause() -> None:
    """Three subsets three points apart: a standard deviation of three points, all of the variance."""
    _, cells = table_of("noise", apart())
    assert [line[3] for line in cells] == [
        "labelled images",
        "initialisation",
        "their interplay and the run itself",
    ]
    assert cells[0][5].startswith("3.00 (")
    assert [line[6] for line in cells] == ["100", "0", "0"]


def test_a_hole_in_the_crossing_is_told() -> None:
    made = [a_record(a_cell(subset_seed=s, init_seed=i)) for s, i in itertools.product(range(2), range(2))][1:]
    ((*_, cause, _, points, _),) = table_of("noise", summarise(made, {}))[1]
    assert cause == "not told: a combination of seeds has no number"
    assert points == "-"


def test_repeats_are_no_seeds_in_the_table_of_accuracies(tmp_path: Path) -> None:
    """Two runs of one cell are one figure."""
    twice = [a_record(a_cell(method=Choice("linear_probe"), repeat=again)) for again in (0, 1)]
    assert "90.0 (1)" in markdown(summarise(twice, {}), tmp_path)


def test_user_asks_for_targets_of_their_own(bench: Command, tmp_path: Path) -> None:
    """Each stands in the report; what is no accuracy is refused with the range."""
    lines = [json.dumps(record.to_json()) for record in a_run()[0]]
    (tmp_path / "records.jsonl").write_text("\n".join(lines) + "\n")
    told = bench("report", tmp_path, "--format", "md", "--target", "0.6", "--target", "0.7").out
    assert "60.0 (asked for)" in told
    assert "70.0 (asked for)" in told
    assert "90.0 (asked for)" not in told
    assert "90.0 (asked for)" in bench("report", tmp_path, "--format", "md").out
    refused = bench("report", tmp_path, "--target", "90")
    assert refused.code == 2
    assert "--target" in refused.err
