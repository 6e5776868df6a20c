"""Files that outlive a run: whole or not there at all, and made once."""

import json
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError, Unwritable
from bench.machine import cache
from bench.machine.digests import Stamp, read_sha256
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
    with pytest.raises(Unwritable, match=rf"^{tmp_path}: can't be written \(disk full\); mend that"):
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
    kept = cache.manifest(path)
    assert kept.pop("seal") == content_hash(kept)
    assert kept == {
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
        (folder / ".half").write_text("4")
        raise RuntimeError("killed")

    def go_on(folder: Path) -> dict[str, Any]:
        half = folder / ".half"
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


@pytest.mark.parametrize("left", [[], ["half"], ["half", ".note", ".note.0a1b2c3d.part"]])
def test_a_failed_maker_whose_work_is_of_no_use_leaves_nothing(tmp_path: Path, left: list[str]) -> None:
    """Only a hidden file that says something is one from which the next can go on."""

    def fail(folder: Path) -> dict[str, Any]:
        for name in left:
            (folder / name).write_text("4" if name == "half" else "")
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="full"):
        cache.folder(tmp_path, "kind", KEY, "a label", fail)
    assert [path for path in (tmp_path / "kind").iterdir() if path.is_dir()] == []


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


def _restamp(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))


def _flip(path: Path) -> None:
    """Change a bit in place; size and time of the file stay what they were."""
    stat = path.stat()
    with path.open("r+b") as stream:
        first = stream.read(1)[0]
        stream.seek(0)
        stream.write(bytes([first ^ 1]))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)


def _swap(path: Path) -> None:
    """Put another file of the same size and time in its place."""
    other = path.with_name(".other")
    shutil.copy2(path, other)
    _flip(other)
    other.replace(path)


def _edit(note: Path) -> None:
    note.write_text(note.read_text().replace("1.5", "2.5"))


def _say(path: Path, **changes: Any) -> None:
    """Change what the manifest of an older version says: it has no seal."""
    contents = {**cache.manifest(path), "seal": None, **changes}
    (path / "manifest.json").write_text(json.dumps({key: each for key, each in contents.items() if each is not None}))


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("gone")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "manifest emptied": lambda path: (path / "manifest.json").write_text(""),
    "manifest of an older version": lambda path: (path / "manifest.json").write_text('{"files": {"contents": 2}}'),
    "manifest that says something else": lambda path: _edit(path / "manifest.json"),
    "manifest of another folder": lambda path: _say(path, key="another"),
    "manifest that lacks its key": lambda path: _say(path, key=None),
    "manifest without a label": lambda path: _say(path, label=3),
    "manifest without files": lambda path: _say(path, files=[]),
    "manifest of files elsewhere": lambda path: _say(path, files={"../x": [1, 2, "3"]}),
    "manifest that is a list": lambda path: (path / "manifest.json").write_text("[]"),
    "manifest nested without end": lambda path: (path / "manifest.json").write_text("[" * 10_000),
    "manifest that is a pipe": lambda path: _pipe(path / "manifest.json"),
    "manifest that is a folder": lambda path: _folder(path / "manifest.json"),
    "manifest that is a broken link": lambda path: _link(path / "manifest.json"),
    "file that is a pipe": lambda path: _pipe(path / "contents"),
    "file cut short": lambda path: (path / "contents").write_text("4"),
    "file tampered with": lambda path: _restamp(path / "contents", "43"),
    "bit flipped": lambda path: _flip(path / "contents"),
    "file swapped": lambda path: _swap(path / "contents"),
    "file removed": lambda path: (path / "contents").unlink(),
}


@pytest.mark.parametrize("check", cache.CHECKS)
@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_made_again_and_that_is_said(
    tmp_path: Path,
    damage: str,
    settled: bool,
    check: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """However little time lies between the making, the last reading and the damage."""
    monkeypatch.setenv(cache.CHECK_VARIABLE, check)
    if settled:
        monkeypatch.setattr("bench.machine.digests.SETTLED_NS", 0)
    made_anew(tmp_path)
    assert not made_anew(tmp_path)
    path = cache.folder_path(tmp_path, "kind", KEY)
    time.sleep(0.02 if settled else 0)  # a tick of this file system's clock
    DAMAGE[damage](path)
    assert not cache.is_whole(path)
    assert capfd.readouterr().err == ""
    assert made_anew(tmp_path)
    assert capfd.readouterr().err == "bench: cache: a label: not as it was written; made again\n"
    assert not made_anew(tmp_path)


class Reads:
    """Counts the files that are read to the end, all of them settled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        monkeypatch.setattr(cache, "read_sha256", self.read)
        monkeypatch.setattr("bench.machine.digests.SETTLED_NS", -1)

    def read(self, path: Path) -> str:
        self.names.append(path.name)
        return read_sha256(path)

    def taken(self) -> list[str]:
        """Return what was read since the last call."""
        taken, self.names = self.names, []
        return taken


def next_run(monkeypatch: pytest.MonkeyPatch, name: str = "next") -> None:
    monkeypatch.setattr(cache, "RUN", name)


def test_contents_are_read_once_in_each_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When they are made, and then by the first that asks."""
    reads = Reads(monkeypatch)
    assert made_anew(tmp_path)  # which asks too
    assert reads.taken() == ["contents"] * 2
    for run in ("second", "third"):
        next_run(monkeypatch, run)
        assert not made_anew(tmp_path)
        assert reads.taken() == ["contents"]
        assert not made_anew(tmp_path)
        assert reads.taken() == []


def test_damage_that_leaves_no_trace_is_noticed_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk's own errors change no stamp; whoever asked for `changed` only does not see them."""
    Reads(monkeypatch)
    made_anew(tmp_path)
    made_anew(tmp_path)
    path = cache.folder_path(tmp_path, "kind", KEY)
    stamp = Stamp.of(path / "contents")
    _flip(path / "contents")
    monkeypatch.setattr(cache.Stamp, "of", lambda path: stamp)
    next_run(monkeypatch)
    monkeypatch.setenv(cache.CHECK_VARIABLE, "changed")
    cache.folder(tmp_path, "kind", KEY, "a label", make_contents)
    assert (path / "contents").read_text() == "52"
    monkeypatch.setenv(cache.CHECK_VARIABLE, "always")
    cache.folder(tmp_path, "kind", KEY, "a label", make_contents)
    assert (path / "contents").read_text() == "42"


def test_who_asks_for_it_has_only_read_what_looks_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = Reads(monkeypatch)
    monkeypatch.setenv(cache.CHECK_VARIABLE, "changed")
    made_anew(tmp_path)
    made_anew(tmp_path)
    reads.taken()
    next_run(monkeypatch)
    assert not made_anew(tmp_path)
    assert reads.taken() == []
    os.utime(cache.folder_path(tmp_path, "kind", KEY) / "contents", ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert not made_anew(tmp_path)
    assert not made_anew(tmp_path)
    assert reads.taken() == ["contents"]


def test_a_way_to_check_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.CHECK_VARIABLE, "never")
    with pytest.raises(BenchError, match="BENCH_CACHE_CHECK=never: write always or changed"):
        made_anew(tmp_path)
    monkeypatch.setenv(cache.CHECK_VARIABLE, "")
    assert made_anew(tmp_path)


def test_a_copy_is_compared_by_contents_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = Reads(monkeypatch)
    made_anew(tmp_path / "here")
    shutil.copytree(tmp_path / "here", tmp_path / "there", copy_function=shutil.copyfile)
    copied = cache.folder_path(tmp_path / "there", "kind", KEY)
    _restamp(copied / "contents", "42")
    reads.taken()
    assert not made_anew(tmp_path / "there")
    assert cache.is_whole(copied)
    assert reads.taken() == ["contents"]


def test_a_folder_of_an_older_version_is_taken_once_it_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its manifest has no seal, and no note beside it says who has read it."""
    made_anew(tmp_path)
    path = cache.folder_path(tmp_path, "kind", KEY)
    (path / "manifest.json").write_text(json.dumps({**cache.manifest(path), "seal": None}))
    assert not made_anew(tmp_path)
    _flip(path / "contents")
    assert made_anew(tmp_path)


def test_a_damaged_note_of_what_was_read_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = Reads(monkeypatch)
    made_anew(tmp_path)
    made_anew(tmp_path)
    (note,) = (tmp_path / "kind").glob(f".*{cache.CHECKED}")
    for text in ("{", "[]", '{"contents": 3}', '{"contents": []}', '{"contents": [1, 2, 3, 4, "run"]}'):
        note.write_text(text)
        reads.taken()
        assert not made_anew(tmp_path)
        assert reads.taken() == ["contents"]


def test_a_cache_that_may_only_be_read_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a lock, and without a note of what was read."""
    reads = Reads(monkeypatch)
    made_anew(tmp_path)
    next_run(monkeypatch)

    def refuse(*_: Any) -> None:
        raise PermissionError("read-only")

    for name in ("write_atomically", "locked"):
        monkeypatch.setattr(cache, name, refuse)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    reads.taken()
    assert not made_anew(tmp_path)
    assert "contents" in reads.taken()


def _run_of(queue: Any) -> None:
    queue.put(cache.RUN)


def test_forked_processes_belong_to_one_run() -> None:
    """Those of the server that has imported the cache: what one of them has read the others need not."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.machine.cache"])
    queue = context.Queue()
    for _ in range(2):
        process = context.Process(target=_run_of, args=(queue,))
        process.start()
        process.join()
    assert queue.get() == queue.get()


def test_a_folder_that_is_used_says_so_by_the_time_of_its_manifest(tmp_path: Path) -> None:
    made_anew(tmp_path)
    note = cache.folder_path(tmp_path, "kind", KEY) / "manifest.json"
    os.utime(note, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert not made_anew(tmp_path)
    assert note.stat().st_mtime_ns > LONG_AGO_NS
