"""The folder that `bench` is called in is no place that Python imports from."""

import importlib.machinery
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import working_folder
from bench.working_folder import found_by_others, is_here, leave_working_folder
from tests.material import tiny

LIBRARY = os.path.dirname(os.__file__)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    return str(tmp_path)


@pytest.mark.parametrize("before", [[""], ["", ""], ["HERE"], ["HERE/../HERE", "/a"], ["/a", "HERE", "/b"], ["LINK"]])
def test_it_is_taken_from_the_path_wherever_it_stands(
    before: list[str], here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under any of its names; also from that of processes to come; what was installed stands behind, and stays."""
    (tmp_path / "link").symlink_to(tmp_path)
    written = [
        place.replace("HERE/../HERE", f"{here}/../{tmp_path.name}")
        .replace("HERE", here)
        .replace("LINK", f"{here}/link")
        for place in before
    ]
    monkeypatch.setattr(sys, "path", [*written, LIBRARY, "/installed", here])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(written))
    for _ in range(2):
        leave_working_folder()
        left = [place for place in before if place.startswith("/")]
        assert sys.path == [*left, LIBRARY, "/installed", here]
        assert os.environ.get("PYTHONPATH", "") == os.pathsep.join(left)


def test_a_folder_that_was_removed_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr(sys, "path", ["", LIBRARY])
    leave_working_folder()
    assert sys.path == [LIBRARY]
    assert not is_here("/a")


def test_nothing_of_it_is_imported_before_it_is_left(tmp_path: Path) -> None:
    """Whatever the command's own imports need; also where the working folder stands first when it starts."""
    for name in sys.stdlib_module_names - {"__future__"}:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} was taken from the working folder')\n")
    project = str(Path(__file__).resolve().parents[1])
    code = (
        f"import sys; sys.path.insert(1, {project!r}); sys.argv = ['bench', '--version']\n"
        "from bench.__main__ import main; main()"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout[:6]) == (0, "bench,"), said.stderr


@pytest.mark.slow
def test_a_suite_that_names_no_module_runs_nothing_of_it(tmp_path: Path) -> None:
    """Neither what is called as a module is, nor what libraries look for and can do without."""
    names = (
        "tabulate",
        "yaml",
        "sitecustomize",
        "usercustomize",
        "triton",
        "wandb",
        "cupy",
        "IPython",
        "pynvml",
        "peft",
    )
    for name in names:
        (tmp_path / f"{name}.py").write_text("open('was_imported', 'a').write(__name__)\n")
    (tmp_path / "site-packages" / "torch").mkdir(parents=True)
    (tmp_path / "torch").mkdir()
    tiny.write_suite(tmp_path, tiny.SUITE.replace("[scratch, linear_probe, finetune]", "[finetune]"))
    for words in (["validate"], ["plan"], ["run", "--limit", "60"], ["run", "--executor", "inline", "--rerun", "all"]):
        command = [sys.executable, "-m", "bench", words[0], "tiny.yaml", *words[1:]]
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout + said.stderr
        assert not (tmp_path / "was_imported").exists(), (tmp_path / "was_imported").read_text()


def test_a_checkout_that_is_worked_in_stands_before_another_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the libraries all the same: else cells would run the code of the other."""
    for name in ("worked_in", "installed"):
        (tmp_path / name / "bench").mkdir(parents=True)
        (tmp_path / name / "bench" / "__init__.py").write_text("")
    here, other = str(tmp_path / "worked_in"), str(tmp_path / "installed")
    monkeypatch.chdir(here)
    monkeypatch.setattr(working_folder, "__file__", f"{here}/bench/working_folder.py")
    monkeypatch.setattr(sys, "path", [here, LIBRARY, "/libraries", other])
    leave_working_folder()
    assert sys.path == [LIBRARY, "/libraries", here, other]
    monkeypatch.setattr(sys, "path", [here, LIBRARY, "/libraries"])
    leave_working_folder()
    assert sys.path == [LIBRARY, "/libraries", here]


def test_it_is_known_whether_later_processes_find_this_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where another copy is what an interpreter finds by itself."""
    for name in ("worked_in", "installed"):
        (tmp_path / name / "bench").mkdir(parents=True)
        (tmp_path / name / "bench" / "__init__.py").write_text("")
    here, other = str(tmp_path / "worked_in"), str(tmp_path / "installed")
    monkeypatch.setattr(working_folder, "__file__", f"{here}/bench/working_folder.py")
    monkeypatch.setattr(sys, "meta_path", [importlib.machinery.PathFinder])
    monkeypatch.chdir(here)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    for places, found in (([here, other], False), ([other], False), ([here], False), ([], False)):
        monkeypatch.setattr(sys, "path", places)
        assert found_by_others() is found
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [here, other])
    assert found_by_others() is True
