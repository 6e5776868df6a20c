"""What lies in the cache is listed, found, and taken away in the order in which it was last used."""

import fcntl
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError
from bench.machine import cache, housekeeping
from bench.machine.housekeeping import Entry, entries, limit_bytes, matching, readable, remove, trim
from bench.machine.shared_arrays import PROGRESS

HOUR = 3600.0
Keep = Callable[..., Path]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Returns what puts a folder of so many bytes into the cache, last used so many hours ago."""

    def make(label: str, size: int = 1000, hours: float = 2.0, kind: str = "features") -> Path:
        def fill(folder: Path) -> dict[str, Any]:
            (folder / "outputs.npy").write_bytes(bytes(size))
            return {}

        path = cache.folder(tmp_path, kind, {"label": label}, label, fill)
        used = time.time() - hours * HOUR
        os.utime(path / cache.MANIFEST, (used, used))
        return path

    return make


def leave_unfinished(root: Path, size: int, hours: float, kind: str = "features") -> Path:
    """Leave what a killed process leaves of an extraction."""

    def fill(folder: Path) -> dict[str, Any]:
        (folder / "outputs.npy").write_bytes(bytes(size))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.folder(root, kind, "unfinished", "unfinished", fill)
    (path,) = (root / kind).glob(f".*{cache.UNFINISHED}")
    then = time.time() - hours * HOUR
    for each in (path / "outputs.npy", path):
        os.utime(each, (then, then))
    return path


def labels(found: list[Entry]) -> list[str]:
    """Return what some entries are."""
    return [entry.label for entry in found]


def test_empty_cache_has_no_entries(tmp_path: Path) -> None:
    """Nor has one that is not there."""
    assert entries(tmp_path / "nowhere") == []


def test_entries_are_listed_least_recently_used_first(tmp_path: Path, keep: Keep) -> None:
    """Of all kinds, with what they are and what they take on disk; digests and locks are none."""
    path = keep("newest", size=300, hours=1.0, kind="decoded")
    keep("oldest", hours=9.0)
    keep("between", hours=5.0, kind="trials")
    cache.write_atomically(tmp_path / "digests" / "memo.json", "{}")
    found = entries(tmp_path)
    assert [(entry.kind, entry.label) for entry in found] == [
        ("features", "oldest"),
        ("trials", "between"),
        ("decoded", "newest"),
    ]
    assert found[-1].size == 300 + (path / cache.MANIFEST).stat().st_size
    assert found[-1].name == path.name[:12]
    assert time.time() - found[-1].used_at == pytest.approx(HOUR, abs=60)


def test_folder_of_a_killed_process_is_listed(tmp_path: Path) -> None:
    """By the name that it would have, used when it was last written."""
    path = leave_unfinished(tmp_path, 500, hours=3.0)
    (entry,) = entries(tmp_path)
    assert (entry.path, entry.size) == (path, 500)
    assert cache.folder_path(tmp_path, "features", "unfinished").name.startswith(entry.name)
    assert "unfinished" in entry.label
    assert time.time() - entry.used_at == pytest.approx(3 * HOUR, abs=60)


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "[" * 10_000, '{"label": 3}', '{"label": "a\\n\\u001b[31mb\\ud800"}', None]
)
def test_an_entry_whose_manifest_is_none_is_listed_and_removed(tmp_path: Path, keep: Keep, text: str | None) -> None:
    """On one line, whatever its label holds; a pipe is not waited for."""
    manifest = keep("a") / cache.MANIFEST
    manifest.unlink()
    if text is None:
        os.mkfifo(manifest)
    else:
        manifest.write_text(text)
    (entry,) = entries(tmp_path)
    assert entry.label.isprintable()
    remove(tmp_path, entry)
    assert entries(tmp_path) == []


def test_file_that_is_gone_at_a_second_look_costs_nothing(tmp_path: Path, keep: Keep) -> None:
    """Another process may be extracting: its files come and go while they are listed."""
    keep("features of a network")
    path = leave_unfinished(tmp_path, 500, hours=3.0)
    (path / ".progress.json.gone").symlink_to("nowhere")
    assert len(entries(tmp_path)) == 2


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["features"], ["test_resnet: features", "test_vit: features"]),
        (["*resnet*"], ["test_resnet: features"]),
        (["decoded", "test_vit*"], ["digits", "test_vit: features"]),
        (["features", "*vit*"], ["test_resnet: features", "test_vit: features"]),
    ],
)
def test_entries_are_found_by_kind_and_by_label(
    tmp_path: Path, keep: Keep, patterns: list[str], expected: list[str]
) -> None:
    """Each once, however many patterns fit it."""
    keep("digits", kind="decoded")
    keep("test_resnet: features")
    keep("test_vit: features")
    assert sorted(labels(matching(entries(tmp_path), patterns))) == sorted(expected)


def test_entry_is_found_by_the_beginning_of_its_name(tmp_path: Path, keep: Keep) -> None:
    """As `bench cache ls` prints it."""
    keep("one")
    keep("other")
    for entry in entries(tmp_path):
        assert matching(entries(tmp_path), [entry.name[:8]]) == [entry]


@pytest.mark.parametrize("pattern", ["weights", "*nothing*", "zzzz", ""])
def test_pattern_that_fits_nothing_is_refused(tmp_path: Path, keep: Keep, pattern: str) -> None:
    """An empty one, too: a variable of the shell that is not set must not clear the cache."""
    keep("one")
    with pytest.raises(BenchError, match="no entry fits; `bench cache ls` lists them"):
        matching(entries(tmp_path), ["features", pattern])


def test_removed_entry_is_made_again_when_it_is_wanted(tmp_path: Path, keep: Keep) -> None:
    """Nothing but time is lost; the neighbour stays."""
    path, neighbour = keep("one"), keep("other")
    remove(tmp_path, next(entry for entry in entries(tmp_path) if entry.path == path))
    assert not path.exists()
    assert labels(entries(tmp_path)) == ["other"]
    assert keep("one") == path
    assert cache.is_whole(path)
    assert cache.is_whole(neighbour)


def test_unfinished_entry_is_removed(tmp_path: Path) -> None:
    """What a killed process left is never taken up again."""
    leave_unfinished(tmp_path, 500, hours=3.0)
    (entry,) = entries(tmp_path)
    remove(tmp_path, entry)
    assert entries(tmp_path) == []


def test_nothing_goes_while_all_fits(tmp_path: Path, keep: Keep) -> None:
    """Up to the last byte."""
    keep("one")
    keep("other")
    assert trim(tmp_path, sum(entry.size for entry in entries(tmp_path))) == []
    assert len(entries(tmp_path)) == 2


def test_least_recently_used_goes_first_until_the_rest_fits(tmp_path: Path, keep: Keep) -> None:
    """And no more of them than needed; what was used again stays."""
    for hours in (9.0, 7.0, 5.0, 3.0):
        keep(f"{hours:g} hours", size=10_000, hours=hours)
    keep("9 hours", hours=2.0)
    gone = trim(tmp_path, 25_000)
    assert labels(gone) == ["7 hours", "5 hours"]
    assert labels(entries(tmp_path)) == ["3 hours", "9 hours"]


def test_what_a_killed_process_left_goes_like_all_else(tmp_path: Path, keep: Keep) -> None:
    """In its turn."""
    leave_unfinished(tmp_path, 10_000, hours=8.0)
    keep("older", size=10_000, hours=9.0)
    keep("newer", size=10_000, hours=2.0)
    assert len(trim(tmp_path, 12_000)) == 2
    assert labels(entries(tmp_path)) == ["newer"]


@pytest.mark.parametrize("limit", [0, 100])
def test_nothing_that_was_used_within_the_hour_goes(tmp_path: Path, keep: Keep, limit: int) -> None:
    """It may be in use, by this run or another: even where the limit is not kept."""
    keep("just used", hours=0.9)
    keep("long not used", hours=1.1)
    assert labels(trim(tmp_path, limit)) == ["long not used"]
    assert labels(entries(tmp_path)) == ["just used"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("20GiB", 20 * 2**30),
        ("500MB", 500 * 10**6),
        (" 1.5 gib ", 3 * 2**29),
        ("2tib", 2 * 2**40),
        ("1kb", 1000),
        ("1KiB", 1024),
        ("1234", 1234),
        ("7B", 7),
        ("0", 0),
    ],
)
def test_limit_is_a_size_in_plain_words(monkeypatch: pytest.MonkeyPatch, text: str, size: int) -> None:
    """Decimal and binary units, in any case."""
    monkeypatch.setenv(housekeeping.LIMIT_VARIABLE, text)
    assert limit_bytes() == size


def test_limit_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 GiB."""
    monkeypatch.delenv(housekeeping.LIMIT_VARIABLE, raising=False)
    assert limit_bytes() == 20 * 2**30


@pytest.mark.parametrize("text", ["", "much", "-1GiB", "20 parsecs", "1,5GiB", "GiB", "1GiB 2", "inf"])
def test_limit_that_is_no_size_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """With the variable's name, and how to write it."""
    monkeypatch.setenv(housekeeping.LIMIT_VARIABLE, text)
    with pytest.raises(BenchError, match=r"^BENCH_CACHE_LIMIT=.*write a size, as in 20GiB or 500MB"):
        limit_bytes()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (3.4 * 2**20, "3.4 MiB"),
        (20 * 2**30, "20.0 GiB"),
        (5 * 2**40, "5.0 TiB"),
    ],
)
def test_sizes_are_readable(size: float, text: str) -> None:
    """In the largest unit that they fill."""
    assert readable(size) == text


def _compute(folder: Path, held: Path, done: Path) -> None:
    """Hold a chunk of an unfinished extraction for a while."""
    with (folder / PROGRESS).open("rb+") as notes:
        fcntl.lockf(notes, fcntl.LOCK_EX, 1, 3)
        held.touch()
        time.sleep(0.3)
        done.touch()


def test_unfinished_extraction_goes_once_nobody_computes_for_it(tmp_path: Path) -> None:
    """Its maker was killed, but another process is at one of its chunks still."""
    path = leave_unfinished(tmp_path / "cache", 1000, hours=2)
    (path / PROGRESS).touch()
    held, done = tmp_path / "held", tmp_path / "done"
    process = multiprocessing.get_context("fork").Process(target=_compute, args=(path, held, done))
    process.start()
    while not held.exists():
        time.sleep(0.01)
    (entry,) = entries(tmp_path / "cache")
    remove(tmp_path / "cache", entry)
    assert done.exists()
    process.join()
    assert process.exitcode == 0
