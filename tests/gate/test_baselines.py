"""A baseline keeps all that a comparison needs, and its file changes where the figures do."""

import dataclasses
import difflib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.gate import baselines
from bench.gate.baselines import lines_of, path_of, read, save
from bench.gate.compare import compare
from bench.gate.rules import parse_rules
from bench.gate.samples import Side
from bench.schema import canonical_json
from tests.material.measured import a_side, row

RULES = parse_rules(["accuracy:ci", "peak_rss:3%", "checkpoint_bytes:0"])
SAVED_AT = "2026-11-03T12:00:00+00:00"


def text_of(side: Side) -> str:
    """Return a baseline's file."""
    return "".join(f"{canonical_json(line)}\n" for line in lines_of(side, "main", SAVED_AT))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=5))
def test_what_is_read_is_what_was_saved(tmp_path: Path, accuracies: list[float], times: list[float]) -> None:
    """To the last digit: nothing changed, so everything is the same."""
    records = [*row(accuracies), *row(times, "throughput_images_per_s", budget="9 per class")]
    side = a_side(records, "main")
    found = read(save(side, "main", True, tmp_path))
    assert {(each.name, each.seed): each for each in found.samples} == {
        (each.name, each.seed): each for each in side.samples
    }
    assert dataclasses.replace(found, samples=()) == dataclasses.replace(side, samples=())
    assert {verdict.word for verdict in compare(found, side, RULES).verdicts} == {"same"}


def test_a_baseline_knows_the_machine(tmp_path: Path) -> None:
    """Times of another one are refused from the file as from the run."""
    base = read(save(a_side(row([0.9, 0.8])), "main", False, tmp_path))
    other = a_side(row([0.9, 0.8]), processor="another")
    found = compare(base, other, parse_rules(["throughput:5%"]))
    assert [each.text for each in found.verdicts[0].mismatches] == [
        "processor: a processor, 2 cores against another, 2 cores"
    ]
    assert compare(base, other, parse_rules(["accuracy:ci"])).exit_code == 0


def test_one_changed_figure_is_one_changed_line() -> None:
    """And the order of the run's cells changes none."""
    records = [record for count in (10, 5, 100, 1) for record in row([0.9, 0.8, 0.7], budget=f"{count} per class")]
    before = text_of(a_side(records))
    assert text_of(a_side(records[::-1])) == before
    records[4] = dataclasses.replace(records[4], accuracy=0.5)
    changed = [
        line
        for line in difflib.unified_diff(before.splitlines(), text_of(a_side(records)).splitlines(), n=0)
        if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert [line[0] for line in changed] == ["-", "+"]


def test_rows_stand_in_the_order_of_their_numbers() -> None:
    """5 per class before 10 per class."""
    records = [record for count in (10, 5, 100, 1) for record in row([0.9], budget=f"{count} per class")]
    cells = [dict(line["cell"])["budget"] for line in lines_of(a_side(records), "main", SAVED_AT) if "cell" in line]
    assert cells == ["1 per class", "5 per class", "10 per class", "100 per class"]


def test_what_cells_share_is_written_once() -> None:
    """A cell's own line is short."""
    lines = list(lines_of(a_side(row([0.9] * 50)), "main", SAVED_AT))
    assert sum("values" in line for line in lines) == 1
    assert max(len(canonical_json(line)) for line in lines if "cell" in line) < 800


@pytest.mark.parametrize("name", ["", "..", "../main", "a/b", ".hidden", "a b", "-x", "a\n", "x" * 200, "C:main", "~"])
def test_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing is written."""
    with pytest.raises(BenchError, match="write letters, digits"):
        save(a_side(row([0.9])), name, True, tmp_path / "folder")
    assert not list(tmp_path.iterdir())


def test_replaced_only_by_force(tmp_path: Path) -> None:
    """What was kept is not lost by a slip."""
    save(a_side(row([0.9])), "main", False, tmp_path)
    with pytest.raises(BenchError, match="main: is there already; give another name, or --force"):
        save(a_side(row([0.5])), "main", False, tmp_path)
    assert read(path_of("main", tmp_path)).samples[0].figures["accuracy"] == 0.9
    save(a_side(row([0.5])), "main", True, tmp_path)
    assert read(path_of("main", tmp_path)).samples[0].figures["accuracy"] == 0.5


def test_nothing_to_keep_is_refused_and_failed_cells_are_left_out(tmp_path: Path) -> None:
    """A baseline without a figure would compare nothing."""
    failed: dict[str, Any] = {"status": "failed", "reason": "why"}
    with pytest.raises(BenchError, match="no cell has a figure"):
        save(a_side(row([0.9], **failed)), "main", False, tmp_path)
    path = save(a_side([*row([0.9]), *row([0.8], budget="9 per class", **failed)]), "main", False, tmp_path)
    assert len(read(path).samples) == 1


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ("", "no baseline"),
        ("not json\n", "no baseline"),
        ('{"cell_id": "x"}\n', "no baseline"),
        ('{"baseline_version": 99}\n', "version 99 is newer than 1; upgrade"),
        ('{"baseline_version": 1}\n', "damaged"),
        ('{"baseline_version": 1}\n[]\n', "damaged"),
    ],
)
def test_damaged_file_is_refused(tmp_path: Path, contents: str, said: str) -> None:
    """One line that says what to do."""
    path = tmp_path / "main.jsonl"
    path.write_text(contents)
    with pytest.raises(BenchError, match=said):
        read(path)


def test_a_line_that_lost_its_conditions_is_told(tmp_path: Path) -> None:
    """As a bad merge leaves it."""
    path = save(a_side(row([0.9])), "main", False, tmp_path)
    kept = [line for line in path.read_text().splitlines() if '"values"' not in line]
    path.write_text("\n".join(kept) + "\n")
    with pytest.raises(BenchError, match="damaged"):
        read(path)


@pytest.mark.parametrize("figure", ["NaN", "Infinity", "1e999"])
def test_a_figure_that_is_no_number_is_damage(tmp_path: Path, figure: str) -> None:
    path = save(a_side(row([0.9375])), "main", False, tmp_path)
    path.write_text(path.read_text().replace("0.9375", figure))
    with pytest.raises(BenchError, match=r"damaged \(line 3: "):
        read(path)


def test_listed_in_the_order_in_which_they_were_measured(tmp_path: Path) -> None:
    """Not in that of their names or of their saving."""
    for name, day in (("a", 3), ("b", 1), ("c", 2)):
        save(a_side(row([0.9], finished_at=f"2026-11-0{day}T12:00:00+00:00"), name), name, False, tmp_path)
    assert baselines.names(tmp_path) == ["a", "b", "c"]
    assert [side.title for side in baselines.listed(tmp_path)] == ["b", "c", "a"]


@pytest.mark.parametrize(
    "contents",
    ["", "no json", "[]", '{"baseline_version": 1}', '{"baseline_version": 99}', "[" * 10_000, "\ud800", None],
    ids=lambda contents: repr(contents)[:20],
)
def test_a_foreign_file_among_baselines_is_named_and_hides_no_other(tmp_path: Path, contents: str | None) -> None:
    """A pipe is not waited for; neither is a name that no baseline may have."""
    save(a_side(row([0.9])), "main", False, tmp_path)
    for name in ("other", "a b", ".hidden"):
        if contents is None:
            os.mkfifo(tmp_path / f"{name}.jsonl")
        else:
            (tmp_path / f"{name}.jsonl").write_text(contents, errors="surrogatepass")
    with pytest.warns(UserWarning, match=r"other\.jsonl: .*; it is left out"):
        assert [side.title for side in baselines.listed(tmp_path)] == ["main"]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"accuracy":0.9', '"accuracy":200'),
        ('"accuracy":0.9', '"accuracy":-0.1'),
        ('"accuracy":0.9', '"accuracy":"0.9"'),
        ('"accuracy":0.9', '"accuracy":' + "1" * 400),
        ('"throughput":1000.0', '"throughput":-1'),
        ('"seed":0', '"seed":0.5'),
        ('"seed":0', '"seed":-1'),
        ('"cell":[[', '"cell":[["x"],['),
        ('"own":{', '"own":[],"x":{'),
        ('"machine":"', '"machine":3,"x":"'),
        ('"made_at":"', '"made_at":[],"x":"'),
    ],
)
def test_a_value_that_can_not_be_is_damage_and_named_with_its_line(tmp_path: Path, was: str, now: str) -> None:
    path = save(a_side(row([0.9])), "main", False, tmp_path)
    assert was in path.read_text()
    path.write_text(path.read_text().replace(was, now, 1))
    with pytest.raises(BenchError, match=r"main\.jsonl: damaged \(.*version control") as told:
        read(path)
    assert len(str(told.value).removeprefix(str(tmp_path))) < 300
