"""Files that outlive a run: whole or not there at all, and made once."""

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.machine import cache
from bench.schema import content_hash

KEY = {"data": "digits", "size": 32}
LONG_AGO_NS = 10**18


def make_contents(folder: Path) -> dict[str, Any]:
    (folder / "contents").write_text("42")
    return {"seconds": 1.5}


def made_anew(root: Path) -> bool:
    """Ask for the folder again; say whether it had to be made."""
    made = []

    def make(folder: Path) -> dict[str, Any]:
        made.append(folder)
        return make_contents(folder)

    path = cache.folder(root, "kind", KEY, "a label", make)
    assert cache.is_whole(path)
    assert (path / "contents").read_text() == "42"
    return bool(made)


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    cache.write_atomically(tmp_path / "deep" / "down" / "note.txt", "käse\n")
    assert (tmp_path / "deep" / "down" / "note.txt").read_text(encoding="utf-8") == "käse\n"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write_atomically(tmp_path / "note.txt", "old")

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        cache.write_atomically(tmp_path / "note.txt", "new")
    assert (tmp_path / "note.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    assert made_anew(tmp_path)
    assert not made_anew(tmp_path)


def test_the_manifest_says_what_a_folder_is_and_what_its_files_were(tmp_path: Path) -> None:
    path = cache.folder(tmp_path, "kind", KEY, "a label", make_contents)
    assert path == cache.folder_path(tmp_path, "kind", KEY)
    stat = (path / "contents").stat()
    digest = "73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049"
    assert cache.manifest(path) == {
        "key": KEY,
        "label": "a label",
        "seconds": 1.5,
        "files": {"contents": [stat.st_size, stat.st_mtime_ns, digest]},
    }


def test_another_key_or_kind_is_another_folder(tmp_path: Path) -> None:
    paths = {
        cache.folder(tmp_path, kind, key, "a label", lambda folder: {})
        for kind, key in (("kind", KEY), ("kind", {**KEY, "size": 64}), ("other", KEY))
    }
    assert len(paths) == 3


def test_the_order_of_a_key_does_not_matter(tmp_path: Path) -> None:
    assert cache.folder_path(tmp_path, "kind", KEY) == cache.folder_path(
        tmp_path, "kind", dict(reversed(list(KEY.items())))
    )


def test_what_a_failed_maker_leaves_is_taken_by_no_reader_but_handed_to_the_next_maker(tmp_path: Path) -> None:
    def fail(folder: Path) -> dict[str, Any]:
        (folder / "half").write_text("4")
        raise RuntimeError("killed")

    def go_on(folder: Path) -> dict[str, Any]:
        half = folder / "half"
        (folder / "contents").write_text(half.read_text() + "2")
        half.unlink()
        return {}

    with pytest.raises(RuntimeError, match="killed"):
        cache.folder(tmp_path, "kind", KEY, "a label", fail)
    assert not cache.folder_path(tmp_path, "kind", KEY).exists()
    made = cache.folder(tmp_path, "kind", KEY, "a label", go_on)
    assert (made / "contents").read_text() == "42"
    assert sorted(path.name for path in made.iterdir()) == ["contents", "manifest.json"]
    assert [path.name for path in made.parent.iterdir() if path.is_dir()] == [made.name]


def test_a_maker_killed_just_before_its_folder_was_in_place_costs_at_most_one_more_making(tmp_path: Path) -> None:
    whole = cache.folder(tmp_path, "kind", KEY, "a label", make_contents)
    whole.rename(whole.with_name(f".{whole.name}{cache.UNFINISHED}"))
    made_anew(tmp_path)
    assert not made_anew(tmp_path)


def _make_slowly(root: Path, mark: Path) -> None:
    def make(folder: Path) -> dict[str, Any]:
        with mark.open("a") as stream:
            stream.write("made\n")
        return {"by": os.getpid()}

    cache.folder(root, "kind", KEY, "a label", make)


def test_two_processes_make_a_folder_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    makers = [context.Process(target=_make_slowly, args=(tmp_path / "cache", tmp_path / "mark")) for _ in range(2)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert [maker.exitcode for maker in makers] == [0, 0]
    assert (tmp_path / "mark").read_text() == "made\n"


def test_the_convention_for_cache_folders_is_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.default_root() == tmp_path / "transferbench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.default_root() == Path.home() / ".cache" / "transferbench"


def _two_files(folder: Path) -> list[Path]:
    folder.mkdir()
    files = [folder / "a.txt", folder / "b.txt"]
    for path in files:
        path.write_text(path.name)
    return files


def test_a_file_is_hashed_anew_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    first = cache.file_sha256(path)
    path.write_text("another")
    assert cache.file_sha256(path) != first


def test_many_files_hash_alike_wherever_they_lie_and_however_listed(tmp_path: Path) -> None:
    here, there = _two_files(tmp_path / "here"), _two_files(tmp_path / "there")
    memo = tmp_path / "memo"
    assert cache.files_sha256(tmp_path / "here", here, memo) == cache.files_sha256(
        tmp_path / "there", there[::-1], memo
    )


def test_changed_renamed_added_and_removed_files_are_noticed(tmp_path: Path) -> None:
    root, memo = tmp_path / "files", tmp_path / "memo"
    files = _two_files(root)
    hashes = [cache.files_sha256(root, files, memo)]
    files[0].write_text("A.txt")
    os.utime(files[0], ns=(1, 1))
    hashes.append(cache.files_sha256(root, files, memo))
    renamed = files[1].rename(root / "c.txt")
    hashes.append(cache.files_sha256(root, [files[0], renamed], memo))
    hashes.append(cache.files_sha256(root, [renamed], memo))
    assert len(set(hashes)) == 4
    (root / "a.txt").write_text("a.txt")
    renamed.rename(root / "b.txt")
    assert cache.files_sha256(root, files, memo) == hashes[0]


def test_what_has_not_changed_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, memo = tmp_path / "files", tmp_path / "memo"
    files = _two_files(root)
    first = cache.files_sha256(root, files, memo)

    def refuse(path: Path) -> str:
        raise AssertionError(f"{path} is read again")

    monkeypatch.setattr(cache, "file_sha256", refuse)
    assert cache.files_sha256(root, files, memo) == first


def test_the_memo_holds_what_the_hash_is_made_of(tmp_path: Path) -> None:
    root, memo = tmp_path / "files", tmp_path / "memo"
    digest = cache.files_sha256(root, _two_files(root), memo)
    (kept,) = (memo / "digests").iterdir()
    assert content_hash({name: entry[2] for name, entry in json.loads(kept.read_text()).items()}) == digest


def _restamp(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "manifest emptied": lambda path: (path / "manifest.json").write_text(""),
    "manifest of an older version": lambda path: (path / "manifest.json").write_text('{"files": {"contents": 2}}'),
    "file cut short": lambda path: (path / "contents").write_text("4"),
    "file tampered with": lambda path: _restamp(path / "contents", "43"),
    "file removed": lambda path: (path / "contents").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_made_again(tmp_path: Path, damage: str) -> None:
    made_anew(tmp_path)
    path = cache.folder_path(tmp_path, "kind", KEY)
    DAMAGE[damage](path)
    assert not cache.is_whole(path)
    assert made_anew(tmp_path)
    assert not made_anew(tmp_path)


def test_a_copy_without_times_is_compared_by_contents_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_anew(tmp_path / "here")
    shutil.copytree(tmp_path / "here", tmp_path / "there", copy_function=shutil.copyfile)
    copied = cache.folder_path(tmp_path / "there", "kind", KEY)
    _restamp(copied / "contents", "42")
    assert not made_anew(tmp_path / "there")
    assert (copied / "contents").stat().st_mtime_ns == cache.manifest(copied)["files"]["contents"][1]

    def refuse(path: Path) -> str:
        raise AssertionError(f"{path} is read again")

    monkeypatch.setattr(cache, "file_sha256", refuse)
    assert cache.is_whole(copied)


def test_a_folder_that_is_used_says_so_by_the_time_of_its_manifest(tmp_path: Path) -> None:
    made_anew(tmp_path)
    note = cache.folder_path(tmp_path, "kind", KEY) / "manifest.json"
    os.utime(note, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert not made_anew(tmp_path)
    assert note.stat().st_mtime_ns > LONG_AGO_NS


def test_a_damaged_memo_of_digests_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    file = tmp_path / "root" / "file"
    file.write_text("contents")
    first = cache.files_sha256(tmp_path / "root", [file], tmp_path / "memo")
    next((tmp_path / "memo" / "digests").iterdir()).write_text("{")
    assert cache.files_sha256(tmp_path / "root", [file], tmp_path / "memo") == first
