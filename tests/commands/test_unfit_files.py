"""Whatever lies in the files of a run: each reading command ends with its code, and shows no figure that can't be."""

import contextlib
import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.errors import Exit
from tests.material import unfit_files
from tests.material.command_line import Answer, Command
from tests.reports.test_ranges import in_range, walked

DATA = ("run/records.jsonl", "run/manifest.json", "results/baselines/main.jsonl", "bench0.json", "bench1.json")
QUICK: tuple[tuple[str, ...], ...] = (
    ("report", "run", "--format", "json", "--out", "out"),
    ("report", "run", "--format", "console", "--out", "out"),
    ("recommend", "run", "--labels", "100"),
    ("leaderboard", "run", "whole"),
    ("compare", "run", "whole", "--format", "json"),
    ("compare", "main", "whole"),
    ("compare", "bench0.json", "bench1.json"),
    ("history",),
    ("baseline", "ls"),
    ("baseline", "show", "main"),
    ("plan", "SUITE", "--out", "run", "--device", "cpu"),
)
THOROUGH: tuple[tuple[str, ...], ...] = (
    *(("report", "run", "--format", name, "--out", "out") for name in ("csv", "latex", "md", "html", "parquet")),
    ("report", "run", "--rows", "method", "--columns", "budget", "--metric", "accuracy"),
    ("report", "run", "whole", "--pivot", "between=method", "--format", "json"),
    ("leaderboard", "run", "--format", "json"),
    ("compare", "whole", "run"),
    ("compare", "files", "files"),
    ("baseline", "save", "new", "run", "--force"),
    ("history", "--metric", "accuracy", "--json"),
)
DOCUMENTED = {int(code) for code in Exit} - {int(Exit.INTERRUPTED)}


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, baselines and files of benchmarks, all as they should be."""
    folder = tmp_path_factory.mktemp("honest")
    with contextlib.chdir(folder):
        unfit_files.write(folder)
    return folder


def copied(honest: Path, target: Path) -> Path:
    """Copy the folder to where the commands run; `whole` is the run as it was."""
    for path in target.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    shutil.copytree(honest, target, dirs_exist_ok=True)
    (target / "whole").symlink_to(honest / "run")
    (target / "files").mkdir()
    for path in target.glob("bench*.json"):
        (target / "files" / path.name).symlink_to(path)
    return target


def asked(bench: Command, command: tuple[str, ...], suite: str = "digits_small") -> Answer:
    """Run a command and hold its end against what is documented."""
    answer = bench(*(suite if word == "SUITE" else word for word in command))
    assert answer.code in DOCUMENTED, (command, answer)
    assert "Traceback" not in answer.err + answer.out, (command, answer)
    if answer.code == Exit.USAGE:
        assert answer.err.splitlines()[-1].startswith("bench: error: "), (command, answer)
        assert len(answer.err.splitlines()[-1]) < 1000, (command, answer)
    if "json" in command and answer.code in (0, 1) and command[0] == "report" and "--pivot" not in command:
        shown(json.loads(answer.out))
    return answer


def shown(document: Any) -> None:
    """Hold every figure of a report against what it can be."""
    for part in ("rows", *(key for key in document if key not in ("tables", "environments", "rows"))):
        for name, value in walked(document[part], part):
            in_range(name, value)


def try_all(bench: Command, honest: Path, here: Path, seed: int, commands: tuple[tuple[str, ...], ...]) -> list[int]:
    """Damage one or two files, and ask all commands; return how they ended."""
    chance = random.Random(seed)
    copied(honest, here)
    for name in chance.sample(DATA, chance.choice([1, 1, 2])):
        unfit_files.damage(here / name, chance)
    if chance.random() < 0.2:
        name = chance.choice(
            ["run/right.bin", *(f"run/cells/{path.name}" for path in (here / "run" / "cells").iterdir())]
        )
        contents = bytearray((here / name).read_bytes())
        for _ in range(chance.choice([1, 5, 50])):
            contents[chance.randrange(len(contents))] = chance.randrange(256)
        (here / name).write_bytes(contents)
    return [asked(bench, command).code for command in commands]


def whole(bench: Command, honest: Path, here: Path, commands: tuple[tuple[str, ...], ...]) -> None:
    """Ask commands about files that are as they should be."""
    copied(honest, here)
    for command in commands:
        answer = asked(bench, command)
        assert answer.code in (0, 4), (command, answer)
        assert "warning" not in answer.err, (command, answer)


def test_what_is_whole_is_read(bench: Command, honest: Path, tmp_path: Path) -> None:
    """Without a word on standard error."""
    whole(bench, honest, tmp_path, QUICK)


@pytest.mark.slow
def test_what_is_whole_is_read_by_all(bench: Command, honest: Path, tmp_path: Path) -> None:
    """In every format."""
    whole(bench, honest, tmp_path, THOROUGH)


@pytest.mark.parametrize("seed", range(6))
def test_any_value_anywhere_ends_in_a_line(bench: Command, honest: Path, tmp_path: Path, seed: int) -> None:
    """Two commands for each damage."""
    try_all(bench, honest, tmp_path, seed, tuple(random.Random(seed).sample(QUICK, 2)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1000 + 10 * int(os.environ.get("BENCH_UNFIT_FILES", "40")), 10))
def test_any_value_anywhere_ends_in_a_line_for_all(bench: Command, honest: Path, tmp_path: Path, seed: int) -> None:
    """Ten damages to a test, and four commands for each, in every format; the variable asks for more tests."""
    for each in range(seed, seed + 10):
        try_all(bench, honest, tmp_path, each, tuple(random.Random(each).sample((*QUICK, *THOROUGH), 4)))
