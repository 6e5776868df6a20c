"""No report prints a figure that can't be, whatever the records hold: what is impossible is left out and named."""

import base64
import csv
import dataclasses
import gzip
import io
import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.answers.crossings import crossings, overtakings
from bench.answers.crosstab import Layout, Pivot, crosstab, pivot
from bench.answers.leaderboard import Board, leaderboard
from bench.answers.starts import FROZEN, TUNED
from bench.answers.summary import Summary, summarise
from bench.answers.verdicts import verdicts
from bench.catalog import REPORTS
from bench.records.plausible import DECISIVE, DIFFERENCE, RANGES, SHARE
from bench.records.record import Record
from bench.reports.page.cell_pages import cell_pages
from bench.reports.page.cell_table import cell_table
from bench.reports.page.chart_data import chart_data
from bench.reports.page.crossover_map import heat_maps
from bench.reports.page.short_answer import cards, facts, lead
from bench.reports.sectioning import sections_of
from bench.reports.tables.grids import GRID_FORMATS, render_grids
from bench.reports.tables.sentences import overtaking_line
from tests.material.examples import ENVIRONMENT, a_record
from tests.material.summaries import PROFILED, TRIALS

IMAGES = 12
BUDGETS = ((1, "1 labels"), (2, "2 labels"), (40, "4 per class"), (1000, "100 per class"))
MANIFEST: dict[str, Any] = {"suite": "any", "environments": {"machine": ENVIRONMENT}}
SHARES = st.sampled_from([0.0, 1.0, 0.5, 1 / IMAGES]) | st.integers(0, 999).map(lambda right: right / 999)
AMOUNTS = st.sampled_from([0.0, 1e-9, 1.0, 1e6]) | st.floats(0, 1e6)
IMPOSSIBLE = st.sampled_from([-1e-9, -3.0, 1.3, 100.0, math.nan, math.inf, -math.inf, 1e300, "0.9", True])
MANY = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@st.composite
def a_run(draw: st.DrawFn) -> tuple[list[Record], Mapping[str, np.ndarray]]:
    """Records of several methods, budgets and seeds with any figures that can be, and what they got right."""
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    methods = draw(st.sampled_from([(FROZEN, TUNED), (FROZEN, TUNED, "scratch"), (TUNED,)]))
    datasets = ("digits", "glyphs", "a", "b", "c")[: draw(st.sampled_from([1, 2, 5]))]
    budgets = BUDGETS[draw(st.integers(0, 1)) : draw(st.integers(2, 4))]
    levels = {key: draw(SHARES) for key in itertools.product(methods, budgets)}
    seeds = range(draw(st.integers(1, 3)))
    apart = draw(st.booleans())
    filled = {name: draw(_of(RANGES[name])) for name in RANGES if name in FLAT and draw(st.booleans())}
    records, right = [], {}
    for dataset, (method, budget), seed in itertools.product(datasets, levels, seeds):
        cell = f"{dataset} {method} {budget[0]} {seed}"
        right[cell] = generator.random(IMAGES) < levels[method, budget]
        made = a_record(
            **{
                **dataclasses.asdict(PROFILED),
                **filled,
                "cell_id": cell,
                "dataset": dataset,
                "dataset_fingerprint": dataset,
                "method": method,
                "seed": seed,
                "init_seed": seed // 2 if apart else None,
                "n_labels": budget[0],
                "budget": budget[1],
                "accuracy": float(right[cell].mean()),
                "features_s": 0.0,
                "trials": TRIALS if method == TUNED else None,
                "search": "random" if method == TUNED else None,
                "transferability": {"logme": draw(st.floats(-2, 2)), "leep": None},
                "corruption_accuracy": {"noise": [draw(SHARES), draw(SHARES)], "blur": [0.5, draw(SHARES)]},
                "frozen_part": "features" if method == FROZEN else None,
            }
        )
        records.append(made)
    return records, right


FLAT = [
    field.name
    for field in dataclasses.fields(Record)
    if field.type in (float | None, int | None) and field.name not in ("accuracy", "features_s", "n_labels")
]


def _of(within: tuple[float, float]) -> st.SearchStrategy[Any]:
    return SHARES if within == SHARE else st.floats(-1, 1) if within == DIFFERENCE else AMOUNTS


@st.composite
def with_faults(draw: st.DrawFn) -> tuple[list[Record], Mapping[str, np.ndarray]]:
    """A run of whose figures some can't be."""
    records, right = draw(a_run())
    for _ in range(draw(st.integers(0, 3))):
        place, name = draw(st.integers(0, len(records) - 1)), draw(st.sampled_from(sorted(RANGES)))
        records[place] = dataclasses.replace(records[place], **{name: _broken(name, draw(IMPOSSIBLE))})
    return records, right


def _broken(name: str, value: Any) -> Any:
    """Return a figure in the form of its field."""
    if name == "trials":
        return [{**TRIALS[0], "val_accuracy": value}]
    if name in ("corruption_accuracy", "peak_cuda_mib_by_phase"):
        return {"noise": [0.5, value]}
    if name == "per_class_accuracy":
        return [None, value]
    nested = getattr(PROFILED, name) if isinstance(getattr(PROFILED, name), dict) else None
    by_part = name in ("step_ms", "transferability", "cpu_s_by_phase", "peak_rss_mib_by_phase")
    return {"p50": value, "1": value} if nested is not None or by_part else value


PERCENT = re.compile(r"^(none: )?(\d+\.\d)( ± \d+\.\d+)? \(\d+\)|^-$|^\d+(\.\d)?$|^\d+\.\d \(\d+\.\d\)$")
NUMBERS = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
SHARES_BY = ("linear probe", "fine-tuned", "reported", "best on test", "best on validation", "middle", "worst", "test")


def held(header: str, cell: str, settings_: int) -> None:
    """Hold a cell of a table against what its column may have."""
    numbers = [float(each.replace(",", "")) for each in NUMBERS.findall(cell)]
    if header.startswith("average rank"):
        assert 1 <= numbers[0] <= settings_, (header, cell)
    elif header.startswith(("labels (95", "probe would need", "times the labels")):
        assert all(each > 0 for each in numbers if each != 95), (header, cell)
    elif (header.endswith(", %") or header in SHARES_BY) and "target" not in header:
        assert PERCENT.match(cell), (header, cell)
        assert 0 <= numbers[0] <= 100 if numbers else cell == "-", (header, cell)
    elif header.split(",")[0] in (
        "images/s",
        "step p50",
        "peak RSS",
        "cell",
        "regret",
        "worst regret",
        "of 64",
        "kept",
    ):
        assert all(each >= 0 for each in numbers), (header, cell)
    for p in re.findall(r"\(p = ([^),]*)", cell):
        assert 0 <= float(p) <= 1, cell
    for low, high in re.findall(r"^[+-][\d.]+ \((-?[\d.e-]+) to (-?[\d.e-]+) at", cell):
        assert -100 <= float(low) <= float(high) <= 100, (header, cell)


def tables_of(summary: Summary) -> Iterator[tuple[str, str, str]]:
    """Yield the section, column and text of each cell of each table of all sections."""
    for name, section in sections_of(summary).items():
        for headers, cells in (table.table for table in section.tables):
            for line in cells:
                yield from ((name, head, cell) for head, cell in zip(headers, line, strict=True))


def walked(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of a document with the name that it stands under."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from walked(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from walked(inner, name)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, float(value)


SHARE_NAMES = ("accuracy", "val_accuracy", "oracle_accuracy", "mfu", "macro_f1", "worst_class_accuracy", "p_corrected")
SHARE_NAMES += ("expected_calibration_error", "source_accuracy", "corruption_accuracy", "corruption_clean_accuracy")
SHARE_NAMES += ("shares", "p", "tried_best", "tried_median", "tried_worst")
DIFFERENCE_NAMES = ("difference", "forgetting", "tau", "tried_optimism")
POSITIVE_NAMES = ("labels", "average_rank")


def in_range(name: str, value: float) -> None:
    """Hold a figure of a document against what its name may have."""
    if name in SHARE_NAMES or name.startswith(("corruption_means", "corruption_strongest")):
        assert 0 <= value <= 1, (name, value)
    elif name in DIFFERENCE_NAMES:
        assert -1 <= value <= 1, (name, value)
    elif name in POSITIVE_NAMES:
        assert value > 0, (name, value)
    elif name.endswith(("_s", "_mib", "_ms", "_n", "_half_width_95", "params", "bytes", "regret")):
        assert value >= 0 or name.startswith("accuracy_per_s"), (name, value)


def verdicts_in_range(document: Any) -> None:
    """Hold the ends of all intervals of differences against what accuracies can differ by."""
    if isinstance(document, Mapping):
        if {"difference", "low", "high"} <= document.keys() and document["low"] is not None:
            assert -1 <= document["low"] <= document["difference"] <= document["high"] <= 1
        for inner in document.values():
            verdicts_in_range(inner)
    elif isinstance(document, list):
        for inner in document:
            verdicts_in_range(inner)


def hold_all(summary: Summary) -> None:
    """Hold everything that the formats print against what it can be."""
    count = len({setting for block in summary.blocks for setting in block.settings})
    for name, head, cell in tables_of(summary):
        if name == "accuracy" and head != "method (initial weights)":
            assert PERCENT.match(cell), cell
            assert cell == "-" or 0 <= float(cell.split()[0]) <= 100
        elif name == "score_ranks" and re.fullmatch(r"[+-]\d\.\d\d", cell):
            assert -1 <= float(cell) <= 1
        else:
            held(head, cell, count)
    texts = {name: REPORTS.entry(name).load()(summary, Path()) for name in ("console", "latex", "csv", "json")}
    document = json.loads(texts["json"], parse_constant=pytest.fail)
    for part in ("rows", *(key for key in document if key not in ("tables", "environments", "rows"))):
        for name, value in walked(document[part], part):
            in_range(name, value)
    verdicts_in_range(document)
    for line in csv.DictReader(io.StringIO(texts["csv"])):
        for name, text in line.items():
            if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?|nan|-?inf", text):
                in_range(name, float(text))


def hold_page(summary: Summary) -> None:
    """Hold what the page draws and tells against what it can be."""
    charts = chart_data(summary)
    for line in charts.lines:
        assert all(0 <= each <= 100 for ends in (line.mean, line.low, line.high) for each in ends)
    assert all(0 <= end <= 100 for slope in charts.slopes for end in (slope.frozen, slope.tuned))
    for dot in charts.dots:
        assert all(value is None or value >= 0 for value in dot.figures.values())
        assert 0 <= (dot.figures["accuracy"] or 0) <= 1
    for bars in (charts.step, charts.kinds, charts.phases):
        assert all(part >= 0 for parts in bars.parts.values() for part in parts)
    for card in cards(summary):
        assert 0 <= float(card.accuracy) <= 100
    assert (lead(summary), facts(summary)) is not None
    percents = [place for place, column in enumerate(cell_table(summary).columns) if column.heading.endswith(", %")]
    for _, cells in cell_table(summary).rows:
        assert all(cells[place] == "-" or 0 <= float(cells[place]) <= 100 for place in percents)
    packed = json.loads(gzip.decompress(base64.b64decode(cell_pages(summary.records, summary.curves).records)))
    for page in packed.values():
        for name, value in page["record"].items():
            if name in RANGES and isinstance(value, int | float):
                assert RANGES[name][0] <= value <= RANGES[name][1], (name, value)


@pytest.mark.slow
@MANY
@given(with_faults())
def test_no_report_prints_what_can_not_be(run: tuple[list[Record], Mapping[str, np.ndarray]]) -> None:
    """Shares in 0 to 1, intervals too, times and memory from 0 on, ranks among the settings, labels above none."""
    records, right = run
    summary = summarise(records, MANIFEST, right.get, targets=(0.01, 0.5, 0.99))
    hold_all(summary)
    hold_page(summary)


@MANY
@given(a_run())
def test_a_pair_of_settings_has_one_answer(run: tuple[list[Record], Mapping[str, np.ndarray]]) -> None:
    """The sentence above the heat map and the field in it are of the same draws, whoever is named first."""
    records, right = run
    summary = summarise(records, MANIFEST, right.get)
    fields = [mark.sentence for each in heat_maps(summary) for _, marks in each.rows for mark in marks]
    for each in summary.ask(overtakings):
        assert overtaking_line(each) in fields
    for one in summary.ask(crossings):
        for (first, second), found in one.found.items():
            back = one.found[second, first]
            assert (found.first, found.second) == (back.second, back.first)


@MANY
@given(with_faults(), st.sampled_from(["accuracy", "mfu", "total_s", "corruption_drop"]))
def test_tables_of_the_users_choice_print_nothing_that_can_not_be(
    run: tuple[list[Record], Mapping[str, np.ndarray]], metric: str
) -> None:
    """Leaderboards, cross tables and pivots, in every format."""
    records, right = run
    summary = summarise(records, MANIFEST, right.get)
    measured = [row for row in summary.rows if getattr(row, metric) is not None]
    if not measured:
        return
    grids = [leaderboard(summary.rows, Board(metric)), *crosstab(summary.rows, Layout(metric=metric))]
    if len({row.method for row in summary.rows}) > 1:
        grids.append(pivot(summary.rows, Pivot("method"), metric, summary.ask(verdicts)))
    for format_ in GRID_FORMATS:
        assert render_grids(grids, format_)
    document = json.loads(render_grids(grids, "json"), parse_constant=pytest.fail)
    verdicts_in_range(document)
    for line in document["tables"][0]["lines"]:
        rank = line["figures"]["mean rank"]
        assert rank is None or 1 <= rank <= len(document["tables"][0]["lines"])


@pytest.mark.parametrize("name", sorted(RANGES))
@pytest.mark.parametrize("value", [-0.5 - 1, math.nan, math.inf, 1e101, "0.9", True], ids=str)
def test_each_figure_that_can_not_be_is_left_out_and_named(name: str, value: Any) -> None:
    """Null where it was, and a sentence in every report; without accuracy, labels, memory or time there is no row."""
    good = a_record(cell_id="good")
    if value == -1.5 and RANGES[name][0] < -1:
        return
    bad = a_record(cell_id="bad", seed=1, **{name: _broken(name, value)})
    summary = summarise([good, bad], MANIFEST)
    kept = {record.cell_id: record for record in summary.records}
    assert (kept["good"], getattr(kept["bad"], name)) == (good, None)
    assert kept["bad"].status == ("failed" if name in DECISIVE else "ok")
    (said,) = summary.said
    assert said.startswith(f"{name} is not reliable in 1 cell and left out there: ")
    assert f"({bad.label})." in said
    if name in DECISIVE:
        assert (kept["bad"].reason or "").startswith(f"not reliable: {name}: ")


def test_a_utilisation_above_one_is_named_in_the_report_and_on_the_page(tmp_path: Path) -> None:
    """And stands nowhere as a figure."""
    summary = summarise([dataclasses.replace(PROFILED, mfu=1.3)], MANIFEST)
    for format_ in ("console", "md", "html"):
        text = REPORTS.entry(format_).load()(summary, tmp_path)
        assert "mfu is not reliable in 1 cell and left out there: 1.3 is no share: 0 to 1" in text
        assert "130.0" not in text
    assert "mfu" in json.loads(REPORTS.entry("json").load()(summary, tmp_path))["notes"][0]


def test_features_that_took_longer_than_their_cell_are_not_reliable() -> None:
    """Else a cell without caches would take less than no time."""
    summary = summarise([a_record(total_s=3.0, features_s=9.0, features_cold_s=1.0)], MANIFEST)
    assert summary.rows == ()
    assert "features_s is not reliable" in summary.said[0]
