"""`bench cache`: what is kept is listed and removed, and nothing else is."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench.commands.cache import cache_group
from bench.errors import BenchError, Exit
from bench.machine import cache, housekeeping, writing

KEPT = (
    ("decoded", "200 + 200 images of 10 classes, 32 px"),
    ("features", "test_resnet: features of 200 train images, fp32, cpu"),
    ("features", "test_resnet: features of 200 test images, fp32, cpu"),
    ("trials", "precision of test_resnet at 32 px on cpu"),
)
"""What lies in the cache, least recently used first."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of four folders, used one second after another, and a memo of digests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("BENCH_CACHE_LIMIT", "1GiB")
    root = cache.default_root()

    def fill(folder: Path) -> dict[str, Any]:
        (folder / "contents").write_bytes(bytes(2048))
        return {}

    for second, (kind, label) in enumerate(KEPT):
        made = cache.folder(root, kind, label, label, fill)
        os.utime(made / cache.MANIFEST, (second, second))
    cache.write_atomically(root / "digests" / "memo.json", "{}")
    return root


def call(*arguments: str) -> Result:
    """Run `bench cache` with some arguments."""
    return CliRunner().invoke(cache_group, arguments)


def labels(root: Path) -> list[str]:
    """Return what is left."""
    return [row["label"] for row in json.loads(call("ls", "--json").stdout)]


def test_ls_lists_a_line_for_each_entry_and_the_whole(root: Path) -> None:
    """Kind, name, size, time and label; then the sum, the limit and the place."""
    said = call("ls")
    *lines, last = said.stdout.splitlines()
    assert said.exit_code == 0
    assert [line.split()[0] for line in lines] == [kind for kind, _ in KEPT]
    for line, (_, label) in zip(lines, KEPT, strict=True):
        assert line.endswith(label)
        assert " KiB  1970-01-01 " in line
    assert last.startswith("4 entries, ")
    assert last.endswith(f" KiB of at most 1.0 GiB in {root}")


def test_ls_json_is_one_document(root: Path) -> None:
    """Bytes and seconds as numbers; names that `rm` takes."""
    rows = json.loads(call("ls", "--json").stdout)
    assert [(row["kind"], row["label"]) for row in rows] == list(KEPT)
    assert [row["used_at"] for row in rows] == [0, 1, 2, 3]
    assert all(row["bytes"] > 2048 for row in rows)
    assert call("rm", rows[1]["name"]).exit_code == 0
    assert labels(root) == [label for _, label in KEPT if label != KEPT[1][1]]


def test_what_can_not_be_removed_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is called removed that is still there."""
    monkeypatch.setattr(writing.shutil, "rmtree", lambda path, ignore_errors: None)
    said = call("rm", "features")
    assert isinstance(said.exception, BenchError)
    assert "can't be removed" in str(said.exception)
    assert "entries removed" not in said.stdout
    assert housekeeping.trim(root, 0) == []


def test_ls_of_an_empty_cache_lists_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It need not be there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nowhere"))
    assert call("ls").stdout.startswith("0 entries, 0 B of at most")
    assert json.loads(call("ls", "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "kept", "said"),
    [
        (["features"], [0, 3], "2 entries removed, "),
        (["*resnet*test*"], [0, 1, 3], "1 entries removed, "),
        (["trials", "decoded"], [1, 2], "2 entries removed, "),
        (["--all"], [], "4 entries removed, "),
    ],
)
def test_rm_removes_what_fits_and_nothing_else(root: Path, arguments: list[str], kept: list[int], said: str) -> None:
    """By kind, by a glob of labels, several at once, or all; the memo of digests stays."""
    answer = call("rm", *arguments)
    assert (answer.exit_code, answer.stdout.startswith(said)) == (0, True)
    assert labels(root) == [KEPT[position][1] for position in kept]
    assert (root / "digests" / "memo.json").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name what to remove"),
        (["--all", "features"], "name what to remove"),
        (["features", "wieghts"], "cache wieghts: no entry fits"),
    ],
)
def test_rm_that_cannot_be_meant_removes_nothing(root: Path, arguments: list[str], said: str) -> None:
    """Nothing named, all and something, or a slip of the pen beside what fits."""
    answer = call("rm", *arguments)
    assert isinstance(answer.exception, BenchError)
    assert answer.exception.exit_code == Exit.USAGE
    assert said in str(answer.exception)
    assert len(labels(root)) == 4
