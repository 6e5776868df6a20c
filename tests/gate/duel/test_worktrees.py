"""Each side has a checkout of its own, the user's is as it was, and nothing is left over."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.gate.duel.worktrees import checkouts, commit_of, git, repository


def commit(root: Path, message: str) -> str:
    """Commit all there is and return the commit."""
    git(root, "add", "-A")
    git(root, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", message)
    return git(root, "rev-parse", "HEAD").decode().strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with a package, two commits, and changes that are not committed."""
    root = tmp_path / "user's checkout"
    (root / "bench").mkdir(parents=True)
    git(root, "init", "-q")
    (root / ".gitignore").write_text("/ignored\n")
    (root / "bench" / "__init__.py").write_text("VERSION = 1\n")
    (root / "bench" / "old.py").write_text("")
    (root / "picture.bin").write_bytes(bytes(range(256)))
    commit(root, "first")
    (root / "bench" / "__init__.py").write_text("VERSION = 2\n")
    commit(root, "second")
    (root / "bench" / "__init__.py").write_text("VERSION = 3\n")
    (root / "bench" / "old.py").unlink()
    (root / "picture.bin").write_bytes(bytes(reversed(range(256))))
    (root / "bench" / "new file.py").write_text("NEW = True\n")
    (root / "staged.py").write_text("STAGED = True\n")
    git(root, "add", "staged.py")
    (root / "ignored").write_text("")
    return root


def state(root: Path) -> tuple[bytes, bytes, bytes, dict[str, bytes]]:
    """Return all that a user would see of a checkout."""
    files = {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts}
    return git(root, "status", "--porcelain"), git(root, "worktree", "list"), git(root, "stash", "list"), files


def version(place: Path) -> str:
    """Return what the package of a checkout says."""
    return (place / "bench" / "__init__.py").read_text().strip()


def test_a_commit_and_the_checkout_as_it_lies_there(root: Path) -> None:
    """Changed, removed, staged, binary and new files are the candidate's; ignored ones are nobody's."""
    before = state(root)
    with checkouts(root, ["HEAD~1", None]) as ((base, base_name), (candidate, candidate_name)):
        assert version(base) == "VERSION = 1"
        assert (base / "bench" / "old.py").exists()
        assert version(candidate) == "VERSION = 3"
        assert not (candidate / "bench" / "old.py").exists()
        assert (candidate / "bench" / "new file.py").read_text() == "NEW = True\n"
        assert (candidate / "staged.py").exists()
        assert (candidate / "picture.bin").read_bytes() == bytes(reversed(range(256)))
        assert not (candidate / "ignored").exists()
        assert base_name.startswith("HEAD~1 (")
        assert candidate_name.endswith("with what is not committed")
    assert not base.exists()
    assert not candidate.exists()
    assert state(root) == before


def test_a_clean_checkout_is_its_commit(root: Path) -> None:
    head = commit(root, "third")
    with checkouts(root, [None]) as ((place, name),):
        assert version(place) == "VERSION = 3"
        assert name == head[:12]


def test_folders_are_taken_as_they_are(root: Path, tmp_path: Path) -> None:
    """Another checkout with its changes, or what no version control knows; neither is touched."""
    plain = tmp_path / "plain"
    (plain / "bench").mkdir(parents=True)
    (plain / "bench" / "__init__.py").write_text("VERSION = 9\n")
    (plain / "large").write_text("not copied")
    before = state(root)
    with checkouts(tmp_path, [str(root), str(plain)]) as ((first, first_name), (second, _)):
        assert version(first) == "VERSION = 3"
        assert first_name.startswith(f"{root}: ")
        assert version(second) == "VERSION = 9"
        assert not (second / "large").exists()
    assert state(root) == before
    assert sorted(path.name for path in plain.iterdir()) == ["bench", "large"]


def test_nothing_is_left_where_the_work_fails(root: Path) -> None:
    """Whatever is raised."""
    before = state(root)
    with pytest.raises(KeyboardInterrupt), checkouts(root, ["HEAD", None]) as made:
        raise KeyboardInterrupt
    assert not any(place.exists() for place, _ in made)
    assert state(root) == before


def test_nothing_is_left_where_it_is_told_to_terminate(root: Path, tmp_path: Path) -> None:
    """As a CI job is, when its time is over."""
    before = state(root)
    script = (
        "import time\nfrom pathlib import Path\nfrom bench.gate.duel.worktrees import checkouts\n"
        f"with checkouts(Path({str(root)!r}), ['HEAD', None]) as made:\n"
        "    print(made[0][0], flush=True)\n    time.sleep(60)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=env)
    assert process.stdout is not None
    place = Path(process.stdout.readline().strip())
    assert place.is_dir()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM
    process.stdout.close()
    deadline = time.monotonic() + 5
    while place.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not place.exists()
    assert state(root) == before


@pytest.mark.parametrize("wanted", ["no-such-branch", "--upload-pack=evil", "HEAD:bench"])
def test_what_is_no_commit_is_refused(root: Path, wanted: str) -> None:
    """By its name, with what to do; it is never taken for an option."""
    with pytest.raises(BenchError, match="git log --oneline"), checkouts(root, [wanted]):
        pass


def test_a_version_without_the_package_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchError, match="holds no package bench"), checkouts(root, [str(tmp_path / "empty")]):
        pass


def test_outside_of_a_checkout_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no git checkout"):
        repository(tmp_path)


def test_commit_of_a_branch(root: Path) -> None:
    git(root, "branch", "mine", "HEAD~1")
    assert commit_of(root, "mine") == commit_of(root, "HEAD~1")
