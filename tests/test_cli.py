"""The command line: its table of verbs, exit codes, and no torch where none is needed."""

import importlib.util
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bench.cli import VERBS, cli
from tests.material import tiny
from tests.material.command_line import Command
from tests.material.kept_runs import write_run
from tests.material.measured import row


def python(code: str) -> str:
    """Run some Python in a process of its own and return what it prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["ls"],
        ["ls", "methods"],
        ["ls", "pretraining"],
        ["ls", "datasets"],
        ["ls", "suites"],
        ["ls", "workloads"],
        ["duel", "--help"],
        ["validate", "throughput"],
        ["validate", "digits_small"],
        ["validate", "pretraining_digits"],
        ["plan", "digits_small", "--device", "cpu"],
        ["cache", "ls"],
    ],
    ids=" ".join,
)
def test_torch_is_not_imported_where_nothing_is_computed(arguments: list[str]) -> None:
    """It takes seconds."""
    said = python(
        "import sys\n"
        f"sys.argv = ['bench', *{arguments!r}]\n"
        "from bench.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('IMPORTED', 'torch' in sys.modules, 'timm' in sys.modules)"
    )
    assert said.splitlines()[-1] == "IMPORTED False False"


def test_torch_is_not_imported_to_read_what_was_measured(tmp_path: Path) -> None:
    """Nor by importing any verb: one process tries them all."""
    run = str(write_run(tmp_path / "run", row([0.9, 0.91, 0.92])))
    calls = [["report", run], ["leaderboard", run], ["recommend", run, "--labels", "50"], ["compare", run, run]]
    said = python(
        "import sys, click\nfrom bench.cli import VERBS, cli\n"
        f"for arguments in {calls!r}:\n"
        "    try:\n        cli.main(arguments, standalone_mode=False)\n    except SystemExit:\n        pass\n"
        "assert all(cli.get_command(click.Context(cli), name) for name in VERBS)\n"
        "print('IMPORTED', 'torch' in sys.modules, 'timm' in sys.modules)"
    )
    assert said.splitlines()[-1] == "IMPORTED False False"


def test_help_lists_the_verbs_and_the_exit_codes(bench: Command) -> None:
    """What there is, and what comes back."""
    said = bench("--help")
    assert said.code == 0
    listed = {line.split()[0] for line in said.out.split("Commands:")[1].splitlines() if line.startswith("  ")}
    assert {"run", "plan", "validate", "ls", "report", "env", "cache"} <= listed
    assert "130 interrupted" in said.out


@pytest.mark.parametrize("name", VERBS)
def test_the_table_says_of_a_verb_what_its_own_help_says(name: str) -> None:
    """However wide the terminal is; and every verb loads."""
    context = click.Context(cli)
    command = cli.get_command(context, name)
    assert command is not None
    assert command.name == name
    for width in range(10, 121):
        assert cli.commands[name].get_short_help_str(width) == command.get_short_help_str(width)


def test_help_imports_no_verb() -> None:
    """Nor anything else that takes time."""
    said = python(
        "import sys\nsys.argv = ['bench', '--help']\nfrom bench.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in sys.modules if name.startswith('bench.commands') or name in ('numpy', 'pydantic')])"
    )
    assert said.splitlines()[-1] == "[]"


def test_help_lists_the_verbs_as_they_would_list_themselves() -> None:
    """Byte for byte what a group prints that has imported them all."""
    verbs = {name: pkgutil.resolve_name(verb.target) for name, verb in VERBS.items()}
    plain = click.Group(commands=verbs, params=cli.params, help=cli.help, epilog=cli.epilog)
    for width in (50, 80, 120):
        shown = {**cli.context_settings, "terminal_width": width}
        assert cli.get_help(click.Context(cli, **shown)) == plain.get_help(click.Context(plain, **shown))


def test_without_its_extra_a_method_is_listed_checked_planned_and_skipped(
    bench: Command, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time with the name of the extra; the other cells of the run have their numbers."""
    monkeypatch.setitem(sys.modules, "peft", None)
    suite.write_text(tiny.SUITE.replace("[scratch, linear_probe, finetune]", "[linear_probe, lora]"))
    assert bench("ls", "methods", "lora").out == "lora  low-rank updates of the weights (needs the extra peft)\n"
    assert bench("validate", suite).code == 0
    chosen = ("--filter", "labels_per_class=6", "--limit", "60", "--device", "cpu")
    rows = bench("plan", suite, *chosen, "--json").json
    assert sorted(row["missing"] for row in rows) == [[], ["extra peft"]]
    said = bench("run", suite, *chosen, "--executor", "inline")
    assert said.code == 3
    (line,) = [line for line in said.out.splitlines() if "transferbench[peft]" in line]
    assert "skipped" in line
    assert "lora: needs the extra peft; install it: pip install 'transferbench[peft]'" in line
    records = bench("run", suite, *chosen, "--executor", "inline", "--json").json["records"]
    assert {record["method"]: record["status"] for record in records} == {"lora": "skipped", "linear_probe": "ok"}


MINE = """\
import os
from dataclasses import dataclass
from typing import Any, ClassVar

from bench.methods.frozen.linear_probe import LinearProbe


@dataclass(frozen=True)
class Mine:
    defaults: ClassVar[dict[str, Any]] = {}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"

    def fit(self, task):
        assert os.environ.get("PYTHONSAFEPATH") != "transferbench", "what a method starts is started as ever"
        return LinearProbe().fit(task)
"""
SHADOWS = (
    "random",
    "queue",
    "tabulate",
    "yaml",
    "numpy",
    "torch",
    "tempfile",
    "logging",
    "signal",
    "socket",
    "selectors",
    "click",
)
"""Names of modules of Python and of libraries that a file in the working folder may have."""


def a_working_folder(folder: Path, *modules: str) -> Path:
    """A folder with a method of the user's, a suite that names it, and files that are called as modules are."""
    for name in modules:
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name}.py of the working folder was imported')\n")
    (folder / "my_methods.py").write_text(MINE)
    text = tiny.SUITE.replace("[scratch, linear_probe, finetune]", "[linear_probe, 'my_methods:Mine']")
    return tiny.write_suite(folder, text.replace("[2, 6]", "[2]"))


def called(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does, with a cache of its own."""
    env = {**os.environ, "XDG_CACHE_HOME": str(cwd / "cache")}
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)


BENCH = str(Path(sys.executable).with_name("bench"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "executor"),
    [
        pytest.param((BENCH,), "process", id="bench, process"),
        pytest.param((sys.executable, "-m", "bench"), "inline", id="python -m bench, inline"),
        pytest.param((BENCH,), "inline", id="bench, inline"),
        pytest.param((sys.executable, "-m", "bench"), "process", id="python -m bench, process"),
    ],
)
def test_files_of_the_working_folder_stand_for_no_module(
    tmp_path: Path, command: tuple[str, ...], executor: str
) -> None:
    """Neither in this process nor in those of the cells; the user's own method is found there all the same."""
    a_working_folder(tmp_path, *SHADOWS)
    said = called(
        *command, "run", "tiny.yaml", "--limit", "60", "--executor", executor, "--device", "cpu", cwd=tmp_path
    )
    assert "of the working folder was imported" not in said.stdout + said.stderr
    assert (said.returncode, "2 ran and have their number" in said.stdout) == (0, True), said.stdout + said.stderr


@pytest.mark.slow
def test_no_name_of_a_module_is_taken_by_a_file_of_the_working_folder(tmp_path: Path) -> None:
    """Of all that Python and the libraries here have; `python -m` imports some before it runs anything."""
    places = [place for place in sys.path if place.endswith("site-packages")]
    names = {*sys.stdlib_module_names, *(each.name for each in pkgutil.iter_modules(places))} - {"bench", "antigravity"}
    there = [name for name in sorted(names - {"__main__", "this"}) if importable(name)]
    a_working_folder(tmp_path, *there)
    for executor in ("process", "inline"):
        said = called(
            BENCH, "run", "tiny.yaml", "--limit", "60", "--executor", executor, "--rerun", "all", cwd=tmp_path
        )
        assert (said.returncode, "2 ran and have" in said.stdout) == (0, True), said.stdout + said.stderr


def importable(name: str) -> bool:
    """Say whether a module is anywhere here: what is nowhere else may come from the working folder."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
