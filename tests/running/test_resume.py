"""What runs again when a run is started again: what has changed, what failed where that is asked for, nothing else."""

import dataclasses
from pathlib import Path

import pytest
from PIL import Image

from bench.contracts.data import Places
from bench.contracts.networks import WeightsFile
from bench.errors import Exit
from bench.records.record import Record
from bench.running.resume import Asked, Present, is_done, present, remaining
from bench.schema import Choice
from tests.material import tiny
from tests.material.digit_folders import digits_folder
from tests.material.examples import a_cell, a_record, write_weights

ONE_PROBE = ("grid.method=linear_probe", "grid.labels_per_class=[6]")


def test_second_run_runs_nothing(suite: Path, places: Places, tmp_path: Path) -> None:
    """The records and the files stay as they are."""
    cells = tiny.cells_of(suite, ["grid.method=[scratch, linear_probe]", "grid.labels_per_class=[6]"])
    first = tiny.run_cells(cells, tmp_path / "out", places)
    kept = (tmp_path / "out" / "records.jsonl").read_bytes()
    second = tiny.run_cells(cells, tmp_path / "out", places)
    assert (first.ran, first.resumed, first.exit_code) == (2, 0, Exit.OK)
    assert (second.ran, second.resumed, second.exit_code) == (0, 2, Exit.OK)
    assert (tmp_path / "out" / "records.jsonl").read_bytes() == kept


def test_only_new_cells_run_when_a_suite_grows(suite: Path, places: Places, tmp_path: Path) -> None:
    """A seed more is one cell more."""
    tiny.run_cells(tiny.cells_of(suite, ONE_PROBE), tmp_path / "out", places)
    grown = tiny.run_cells(tiny.cells_of(suite, [*ONE_PROBE, "grid.seed=[0, 1]"]), tmp_path / "out", places)
    assert (grown.ran, grown.resumed) == (1, 1)


def test_changed_setting_runs_again(suite: Path, places: Places, tmp_path: Path) -> None:
    """A cell of other settings is another cell; the old record is kept beside it."""
    scratch = ["grid.method=scratch", "grid.labels_per_class=[2]"]
    tiny.run_cells(tiny.cells_of(suite, scratch), tmp_path / "out", places)
    again = tiny.run_cells(tiny.cells_of(suite, [*scratch, "train.learning_rate=0.002"]), tmp_path / "out", places)
    assert again.ran == 1
    assert len(tiny.records_of(tmp_path / "out")) == 2


@pytest.mark.slow
def test_one_changed_pixel_runs_again_and_a_touched_file_does_not(suite: Path, places: Places, tmp_path: Path) -> None:
    """Contents count, not times."""
    folder = digits_folder(tmp_path / "images")
    mine = Places(folder, None, places.cache_dir)
    cells = tiny.cells_of(suite, ["dataset=image_folder", *ONE_PROBE], limit=None)
    out = tmp_path / "out"
    assert tiny.run_cells(cells, out, mine).ran == 1
    (folder / "train" / "3" / "0.png").touch()
    assert tiny.run_cells(cells, out, mine).ran == 0
    before = tiny.records_of(out)[cells[0].cell_id]
    with Image.open(folder / "train" / "3" / "0.png") as image:
        image.putpixel((4, 4), 255 - image.getpixel((4, 4)))
        image.save(folder / "train" / "3" / "0.png")
    assert tiny.run_cells(cells, out, mine).ran == 1
    after = tiny.records_of(out)[cells[0].cell_id]
    assert before.dataset_fingerprint != after.dataset_fingerprint
    assert tiny.run_cells(cells, out, mine).ran == 0


@pytest.mark.slow
def test_removed_image_runs_again(suite: Path, places: Places, tmp_path: Path) -> None:
    """A data set with one image fewer is another one."""
    folder = digits_folder(tmp_path / "images")
    mine = Places(folder, None, places.cache_dir)
    cells = tiny.cells_of(suite, ["dataset=image_folder", *ONE_PROBE], limit=None)
    tiny.run_cells(cells, tmp_path / "out", mine)
    (folder / "test" / "3" / "8.png").unlink()
    assert tiny.run_cells(cells, tmp_path / "out", mine).ran == 1
    assert tiny.records_of(tmp_path / "out")[cells[0].cell_id].n_test == 29


@pytest.mark.slow
def test_other_weights_under_the_same_name_run_again(suite: Path, places: Places, tmp_path: Path) -> None:
    """The file's contents are the weights' identity."""
    cells = tiny.cells_of(suite, [*ONE_PROBE, "grid.weights=[pretrained]"])
    with_weights = Places(None, write_weights(tmp_path, 1), places.cache_dir)
    tiny.run_cells(cells, tmp_path / "out", with_weights)
    first = tiny.records_of(tmp_path / "out")[cells[0].cell_id]
    assert tiny.run_cells(cells, tmp_path / "out", with_weights).ran == 0
    write_weights(tmp_path, 2)
    assert tiny.run_cells(cells, tmp_path / "out", with_weights).ran == 1
    second = tiny.records_of(tmp_path / "out")[cells[0].cell_id]
    assert first.weights_sha256 != second.weights_sha256
    assert first.accuracy != second.accuracy


def test_failed_cell_runs_again_only_when_asked(suite: Path, places: Places, tmp_path: Path) -> None:
    """A failure has a reason and a traceback, never a number; `--rerun failed` mends it."""
    cure = tmp_path / "cure"
    cells = tiny.cells_of(
        suite,
        [f"grid.method=[{{name: 'tests.material.own_methods:Raises', unless: '{cure}'}}, linear_probe]", ONE_PROBE[1]],
    )
    out = tmp_path / "out"
    result = tiny.run_cells(cells, out, places)
    failed = tiny.records_of(out)[cells[0].cell_id]
    assert (result.ran, result.failed, result.exit_code) == (1, 1, Exit.CELLS_FAILED)
    assert (failed.status, failed.accuracy) == ("failed", None)
    assert failed.reason == "ZeroDivisionError: a fault of the method"
    assert "own_methods.py" in (failed.traceback or "")
    untouched = tiny.run_cells(cells, out, places)
    assert (untouched.ran, untouched.exit_code) == (0, Exit.CELLS_FAILED)
    cure.touch()
    mended = tiny.run_cells(cells, out, places, rerun="failed")
    assert (mended.ran, mended.exit_code) == (1, Exit.OK)
    assert tiny.run_cells(cells, out, places, rerun="failed").ran == 0


@pytest.mark.slow
def test_rerun_all_runs_all_and_the_last_record_counts(suite: Path, places: Places, tmp_path: Path) -> None:
    """Two lines, one cell."""
    cells = tiny.cells_of(suite, ONE_PROBE)
    tiny.run_cells(cells, tmp_path, places)
    assert tiny.run_cells(cells, tmp_path, places, rerun="all").ran == 1
    assert (tmp_path / "records.jsonl").read_text().count("\n") == 2
    assert len(tiny.records_of(tmp_path)) == 1


def test_a_result_is_not_given_up_for_data_that_cannot_be_found(suite: Path, places: Places, tmp_path: Path) -> None:
    """Forgetting --data-dir is no reason to replace a number by a skip."""
    folder = digits_folder(tmp_path / "images")
    cells = tiny.cells_of(suite, ["dataset=image_folder", *ONE_PROBE], limit=None)
    assert tiny.run_cells(cells, tmp_path / "out", Places(folder, None, places.cache_dir)).ran == 1
    again = tiny.run_cells(cells, tmp_path / "out", Places(None, None, places.cache_dir))
    assert (again.ran, again.exit_code) == (0, Exit.OK)
    assert tiny.records_of(tmp_path / "out")[cells[0].cell_id].status == "ok"


WEIGHTS = WeightsFile(None, "a" * 64, "f" * 64, "somewhere")
"""Those that the record of `a_record` was made from."""


def there(weights: WeightsFile | None = WEIGHTS, data: str | None = "d" * 64) -> Present:
    """What a machine holds, whatever cell or data set asks."""
    return Present(lambda choice: data, lambda cell: weights)


def test_a_number_from_the_data_and_weights_that_are_there_stands() -> None:
    """And so it does where neither can be found now."""
    assert is_done(a_cell(), a_record(), there())
    assert is_done(a_cell(), a_record(), there(None, None))


@pytest.mark.parametrize(
    ("weights", "data"),
    [
        (dataclasses.replace(WEIGHTS, fingerprint="0" * 64), "d" * 64),
        (dataclasses.replace(WEIGHTS, sha256="0" * 64), "d" * 64),
        (WEIGHTS, "0" * 64),
    ],
    ids=["other weights", "the same recipe, other bits", "other data"],
)
def test_a_number_from_something_else_does_not_stand(weights: WeightsFile, data: str) -> None:
    """Each by itself is enough."""
    assert not is_done(a_cell(), a_record(), there(weights, data))


def test_weights_that_are_still_to_be_trained_are_told_by_their_recipe() -> None:
    """They have no bits yet that could differ."""
    assert is_done(a_cell(), a_record(), there(dataclasses.replace(WEIGHTS, sha256=None)))


def test_a_cell_without_a_number_is_not_done() -> None:
    """No record, or one that says why."""
    assert not is_done(a_cell(), None, there())
    assert not is_done(a_cell(), a_record(status="skipped", reason="no data"), there())


def test_a_probe_that_was_not_taken_makes_a_cell_run_again() -> None:
    """One that was taken and is not asked for any more does not."""
    asked, plain = a_cell(probes=("corruptions",)), a_cell()
    assert not is_done(asked, a_record(plain), there())
    assert is_done(asked, a_record(asked), there())
    assert is_done(plain, a_record(asked), there())


def test_a_changed_source_domain_makes_a_cell_run_again() -> None:
    """Its fingerprint stands in the record beside the target's."""
    cell = a_cell(source=Choice("glyphs"))
    assert is_done(cell, a_record(cell, source_fingerprint="d" * 64), there())
    assert not is_done(cell, a_record(cell, source_fingerprint="s" * 64), there())


@pytest.mark.parametrize(
    ("rerun", "again"),
    [(None, ["skipped", None]), ("failed", ["skipped", "failed", "timeout", None]), ("all", [])],
    ids=["plain", "failed", "all"],
)
def test_what_is_asked_decides_on_what_has_no_number(
    places: Places, rerun: str | None, again: list[str | None]
) -> None:
    """Skipped cells and new ones always run; failures and cells that are done only where that is asked for."""
    ends = ["ok", "skipped", "failed", "timeout", None]
    cells = {end: a_cell(weights="random", seed=seed) for seed, end in enumerate(ends)}
    digits = present(places).data(Choice("digits"))
    records: dict[str, Record] = {}
    for end, cell in cells.items():
        if end is not None:
            made = a_record(cell, status=end, weights_fingerprint="random", dataset_fingerprint=digits)
            records[cell.cell_id] = dataclasses.replace(made, weights_sha256=None)
    found = remaining(list(cells.values()), records, Asked(places, rerun))  # type: ignore[arg-type]
    assert found == [cell for end, cell in cells.items() if end in again or rerun == "all"]


def test_a_data_set_is_looked_up_once(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its fingerprint may take a walk through a large folder."""
    asked: list[str] = []

    def fingerprint(choice: Choice, places: Places) -> str:
        asked.append(choice.label)
        return "d" * 64

    monkeypatch.setattr("bench.running.resume.data_fingerprint", fingerprint)
    found = present(places)
    assert {found.data(Choice("digits")), found.data(Choice("digits"))} == {"d" * 64}
    assert found.data(Choice("glyphs", {"characters": "digits"})) == "d" * 64
    assert asked == ["digits", "glyphs(characters=digits)"]


def test_weights_that_are_nowhere_are_null(cold_places: Places) -> None:
    """Nothing is downloaded to find out."""
    found = present(cold_places)
    assert found.weights(a_cell(weights="pretrained")) is None
    random = found.weights(a_cell(weights="random"))
    assert random is not None
    assert random.fingerprint == "random"
