"""Files that outlive a run: whole or not there at all, and made once."""

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from bench import cache
from bench.schema import content_hash

KEY = {"data": "digits", "size": 32}


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
    made = []

    def make(folder: Path) -> dict[str, Any]:
        made.append(folder)
        (folder / "contents").write_text("42")
        return {"seconds": 1.5}

    first, second = (cache.folder(tmp_path, "kind", KEY, make) for _ in range(2))
    assert first == second == cache.folder_path(tmp_path, "kind", KEY)
    assert len(made) == 1
    assert (first / "contents").read_text() == "42"
    assert cache.manifest(first) == {"key": KEY, "seconds": 1.5, "files": {"contents": 2}}


def test_another_key_or_kind_is_another_folder(tmp_path: Path) -> None:
    paths = {
        cache.folder(tmp_path, kind, key, lambda folder: {})
        for kind, key in (("kind", KEY), ("kind", {**KEY, "size": 64}), ("other", KEY))
    }
    assert len(paths) == 3


def test_the_order_of_a_key_does_not_matter(tmp_path: Path) -> None:
    assert cache.folder_path(tmp_path, "kind", KEY) == cache.folder_path(
        tmp_path, "kind", dict(reversed(list(KEY.items())))
    )


def test_a_maker_that_fails_leaves_nothing_that_a_reader_would_take(tmp_path: Path) -> None:
    def fail(folder: Path) -> dict[str, Any]:
        (folder / "half").touch()
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        cache.folder(tmp_path, "kind", KEY, fail)
    assert not cache.folder_path(tmp_path, "kind", KEY).exists()
    made = cache.folder(tmp_path, "kind", KEY, lambda folder: {"ok": True})
    assert [path.name for path in made.iterdir()] == ["manifest.json"]


def _make_slowly(root: Path, mark: Path) -> None:
    def make(folder: Path) -> dict[str, Any]:
        with mark.open("a") as stream:
            stream.write("made\n")
        return {"by": os.getpid()}

    cache.folder(root, "kind", KEY, make)


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


@pytest.mark.parametrize("damage", ["manifest emptied", "file cut short", "file removed"])
def test_a_damaged_folder_is_made_again(tmp_path: Path, damage: str) -> None:
    def make(folder: Path) -> dict[str, Any]:
        (folder / "contents").write_text("42")
        return {}

    made = cache.folder(tmp_path, "kind", KEY, make)
    if damage == "manifest emptied":
        (made / "manifest.json").write_text("")
    elif damage == "file cut short":
        (made / "contents").write_text("4")
    else:
        (made / "contents").unlink()
    assert not cache.is_whole(made)
    again = cache.folder(tmp_path, "kind", KEY, make)
    assert cache.is_whole(again)
    assert (again / "contents").read_text() == "42"


def test_a_damaged_memo_of_digests_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    file = tmp_path / "root" / "file"
    file.write_text("contents")
    first = cache.files_sha256(tmp_path / "root", [file], tmp_path / "memo")
    next((tmp_path / "memo" / "digests").iterdir()).write_text("{")
    assert cache.files_sha256(tmp_path / "root", [file], tmp_path / "memo") == first
