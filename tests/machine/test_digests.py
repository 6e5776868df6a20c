"""Hashes of files: equal for equal contents, and never that of an older version."""

import hashlib
import os
from pathlib import Path

import pytest

from bench.machine import digests
from bench.machine.digests import Stamp, file_sha256, read_sha256


def test_the_hash_is_that_of_the_contents(tmp_path: Path) -> None:
    """As any other tool tells it."""
    (tmp_path / "file").write_bytes(b"contents")
    expected = hashlib.sha256(b"contents").hexdigest()
    assert read_sha256(tmp_path / "file") == file_sha256(tmp_path / "file") == expected


def test_a_file_is_hashed_anew_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    first = file_sha256(path)
    path.write_text("another")
    assert file_sha256(path) != first


def test_a_change_that_keeps_size_and_time_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As unpacking an archive over older files leaves it; also where stamps are trusted at once."""
    monkeypatch.setattr(digests, "SETTLED_NS", -(10**18))
    here, there = tmp_path / "here", tmp_path / "there"
    for path, text in ((here, "red"), (there, "sea")):
        path.write_text(text)
        os.utime(path, ns=(10**18, 10**18))
    first, second = file_sha256(here), file_sha256(there)
    here.rename(tmp_path / "aside")
    there.rename(here)
    (tmp_path / "aside").rename(there)
    assert (file_sha256(here), file_sha256(there)) == (second, first)


def test_a_link_has_the_hash_of_what_it_leads_to(tmp_path: Path) -> None:
    """And its stamp."""
    (tmp_path / "file").write_text("contents")
    (tmp_path / "link").symlink_to("file")
    assert Stamp.of(tmp_path / "link") == Stamp.of(tmp_path / "file")
    assert file_sha256(tmp_path / "link") == file_sha256(tmp_path / "file")


def test_a_settled_file_is_read_once_and_one_that_has_just_changed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within one tick of a file system's clock two versions have the same stamp."""
    path = tmp_path / "file"
    path.write_text("contents")
    read: list[str | Path] = []

    def noting(path: str | Path) -> str:
        read.append(path)
        return "digest"

    monkeypatch.setattr(digests, "read_sha256", noting)
    for _ in range(2):
        file_sha256(path)
    assert len(read) == 2
    monkeypatch.setattr(digests, "SETTLED_NS", -(10**18))
    for _ in range(2):
        file_sha256(path)
    assert len(read) == 3


def test_a_time_of_change_in_the_future_is_never_settled() -> None:
    """A server's clock may go before this machine's."""
    assert not Stamp(1, 0, 2**62, 7).is_settled()
    assert Stamp(1, 2**62, 10**18, 7).is_settled()
