"""Hashes of many files: of contents and names alone, read again only where it has to be."""

import json
import os
from pathlib import Path

import pytest

from bench.errors import InvalidData
from bench.machine import digests, fingerprints
from bench.machine.digests import Stamp
from bench.machine.fingerprints import file_digests, files_sha256
from bench.schema import content_hash


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all files had last been changed long ago."""
    monkeypatch.setattr(digests, "SETTLED_NS", -(10**18))


def two_files(folder: Path) -> list[Path]:
    folder.mkdir()
    files = [folder / "a.txt", folder / "b.txt"]
    for path in files:
        path.write_text(path.name)
    return files


def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise AssertionError(f"{path} is read again")

    monkeypatch.setattr(fingerprints, "read_sha256", refuse)


def test_many_files_hash_alike_wherever_they_lie_and_however_listed(tmp_path: Path) -> None:
    here, there = two_files(tmp_path / "here"), two_files(tmp_path / "there")
    memo = tmp_path / "memo"
    assert files_sha256(tmp_path / "here", here, memo) == files_sha256(tmp_path / "there", there[::-1], memo)


def test_digests_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    first, second = two_files(tmp_path / "files")
    found = file_digests(tmp_path / "files", [first, second, first], tmp_path / "memo")
    assert found == [digests.read_sha256(path) for path in (first, second, first)]


@pytest.mark.usefixtures("settled")
def test_changed_renamed_added_and_removed_files_are_noticed(tmp_path: Path) -> None:
    root, memo = tmp_path / "files", tmp_path / "memo"
    files = two_files(root)
    hashes = [files_sha256(root, files, memo)]
    files[0].write_text("A.txt")
    os.utime(files[0], ns=(1, 1))
    hashes.append(files_sha256(root, files, memo))
    renamed = files[1].rename(root / "c.txt")
    hashes.append(files_sha256(root, [files[0], renamed], memo))
    hashes.append(files_sha256(root, [renamed], memo))
    assert len(set(hashes)) == 4
    (root / "a.txt").write_text("a.txt")
    renamed.rename(root / "b.txt")
    assert files_sha256(root, files, memo) == hashes[0]


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("how", ["swapped", "written over", "linked elsewhere"])
def test_a_change_that_keeps_size_and_time_is_noticed(tmp_path: Path, how: str) -> None:
    """Also where stamps are trusted at once."""
    root, memo = tmp_path / "files", tmp_path / "memo"
    files = two_files(root)
    (tmp_path / "c").write_text("c.txt")
    if how == "linked elsewhere":
        files[0].unlink()
        files[0].symlink_to("b.txt")
    for path in (*files, tmp_path / "c"):
        os.utime(path, ns=(10**18, 10**18))
    before = file_digests(root, files, memo)
    if how == "swapped":
        files[0].rename(root / "x")
        files[1].rename(files[0])
        (root / "x").rename(files[1])
    elif how == "written over":
        files[0].write_text("A.txt")
    else:
        files[0].unlink()
        files[0].symlink_to("../c")
    os.utime(files[0], ns=(10**18, 10**18))
    after = file_digests(root, files, memo)
    assert after == [digests.read_sha256(path) for path in files]
    assert after != before


@pytest.mark.usefixtures("settled")
def test_what_has_not_changed_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, memo = tmp_path / "files", tmp_path / "memo"
    files = two_files(root)
    first = files_sha256(root, files, memo)
    no_reading(monkeypatch)
    assert files_sha256(root, files, memo) == first


@pytest.mark.usefixtures("settled")
def test_the_parts_of_a_folder_do_not_displace_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is gone is forgotten."""
    root, memo = tmp_path / "files", tmp_path / "memo"
    first, second = two_files(root)
    for part in ([first], [second]):
        file_digests(root, part, memo)
    no_reading(monkeypatch)
    file_digests(root, [first, second], memo)
    first.unlink()
    file_digests(root, [second], memo)
    (kept,) = (memo / "digests").iterdir()
    assert list(json.loads(kept.read_text())) == ["b.txt"]


def test_what_has_just_changed_is_not_remembered(tmp_path: Path) -> None:
    """Within one tick of a file system's clock two versions have the same stamp."""
    root, memo = tmp_path / "files", tmp_path / "memo"
    files = two_files(root)
    file_digests(root, files, memo)
    assert not (memo / "digests").exists()


@pytest.mark.usefixtures("settled")
def test_stamps_decide_nothing_but_whether_a_file_is_read(tmp_path: Path) -> None:
    """The hash is of names and contents, which are equal on any machine."""
    root, memo = tmp_path / "files", tmp_path / "memo"
    files = two_files(root)
    expected = content_hash({path.name: digests.read_sha256(path) for path in files})
    assert files_sha256(root, files, memo) == expected
    (kept,) = (memo / "digests").iterdir()
    assert json.loads(kept.read_text()) == {path.name: [*Stamp.of(path), digests.read_sha256(path)] for path in files}


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    "damage", ["{", "[]", '{"a.txt": null}', '{"a.txt": [5, 1, 1, 1, "short"]}', '{"a.txt": [1, 2]}']
)
def test_a_damaged_memo_of_digests_is_forgotten(tmp_path: Path, damage: str) -> None:
    files = two_files(tmp_path / "files")
    first = files_sha256(tmp_path / "files", files, tmp_path / "memo")
    next((tmp_path / "memo" / "digests").iterdir()).write_text(damage)
    assert files_sha256(tmp_path / "files", files, tmp_path / "memo") == first


def test_no_files_have_no_fingerprint(tmp_path: Path) -> None:
    """Else two data sets would be taken for one another."""
    with pytest.raises(InvalidData, match="no files to take a fingerprint of"):
        files_sha256(tmp_path, [], tmp_path / "memo")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"gone\.png: can't be read \(No such file"):
        file_digests(tmp_path, [tmp_path / "gone.png"], tmp_path / "memo")
