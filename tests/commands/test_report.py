"""`bench report`: what is printed, and where it is written."""

from pathlib import Path

from tests.material.command_line import PROBE, QUICK, Command
from tests.material.examples import a_record
from tests.material.kept_runs import write_run


def test_report_is_printed_and_written_in_each_format(bench: Command, suite: Path, tmp_path: Path) -> None:
    """From the run's folder or from its records."""
    bench("run", suite, *PROBE, *QUICK)
    folder = tmp_path / "results" / "tiny"
    for format_, file in (("console", "report.txt"), ("md", "report.md"), ("csv", "report.csv")):
        (folder / file).unlink()
        said = bench("report", folder / "records.jsonl", "--format", format_)
        assert said.code == 0
        assert "linear_probe" in said.out
        assert (folder / file).read_text().strip() == said.out.strip()


def test_of_a_part_or_of_several_runs_nothing_is_written_where_no_folder_is_named(
    bench: Command, tmp_path: Path
) -> None:
    """The run's own report stays that of the whole run."""
    for name in ("one", "two"):
        write_run(tmp_path / name, [a_record(cell_id=name)])
    for asked in (["one", "--filter", "method=linear_probe"], ["one", "two"]):
        assert bench("report", *asked).code == 0
        assert not list(tmp_path.glob("*/report.*"))
    assert bench("report", "one", "--filter", "method=linear_probe", "--out", "part").code == 0
    assert [path.name for path in tmp_path.glob("*/report.*")] == ["report.txt"]


def test_a_binary_report_is_named_not_printed(bench: Command, tmp_path: Path) -> None:
    """Where it lies is printed in its place."""
    write_run(tmp_path / "one", [a_record()])
    said = bench("report", "one", "--format", "parquet")
    assert (said.code, said.out) == (0, "written: one/report.parquet\n")
    assert (tmp_path / "one" / "report.parquet").read_bytes().startswith(b"PAR1")


def test_a_table_of_the_users_choice_takes_the_place_of_the_report(bench: Command, tmp_path: Path) -> None:
    """Any one of its four options asks for it; what a pivot is between says what its rows are."""
    write_run(tmp_path / "one", [a_record(accuracy=0.75)])
    table = bench("report", "one", "--rows", "method", "--columns", "dataset", "--format", "json")
    (shown,) = table.json["tables"]
    assert [(line["method"], line["figures"]["digits"]["mean"]) for line in shown["lines"]] == [("linear_probe", 0.75)]
    assert not list(tmp_path.glob("*/report.*"))
    said = bench("report", "one", "--pivot", "between=method", "--columns", "dataset")
    assert (said.code, "leave out --rows and --columns" in said.err) == (2, True)
