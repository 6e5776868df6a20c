"""The package's shape: imports go downwards only, through open doors; extensions never know one another."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bench import catalog
from bench.registry import Registry
from tests.tools import structure
from tests.tools.structure import MAP, ORDER, PACKAGE, ROOT, closed_doors, height, imports_of, read_modules, top
from tests.tools.writers import writers

MODULES = read_modules()
GRAPH = {name: imports_of(module, MODULES) for name, module in MODULES.items()}
REGISTRIES = [each for each in vars(catalog).values() if isinstance(each, Registry)]
TARGETS = structure.EXTENSIONS
FEW_LINES = 350
TESTS = ROOT / "tests"
BESIDE = {"material", "tools"}
"""Folders of `tests` that mirror no package."""


def test_the_listing_is_the_diagram() -> None:
    """At the top stand the rooms, each in the order of imports, and nothing else."""
    there = {top(name) for name in MODULES} - {""}
    assert there == {name for group in ORDER for name in group}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_downwards_only(name: str) -> None:
    """What a module needs lies in its own room or in one below: rooms beside each other don't know one another."""
    for other in GRAPH[name]:
        assert other in MODULES, f"bench.{name} imports bench.{other}, which is not there"
        assert top(other) == top(name) or height(other) < height(name), f"bench.{name} imports bench.{other}"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_through_open_doors(name: str) -> None:
    """Of another package only what its docstring names."""
    for other in GRAPH[name]:
        closed = closed_doors(name, other, MODULES)
        assert not closed, f"bench.{name} imports bench.{other}, which {closed} does not open to others"


@pytest.mark.parametrize("name", sorted(name for name, module in MODULES.items() if module.is_package and name))
def test_a_package_says_what_it_is_and_what_others_may_import(name: str) -> None:
    """What it names is there, and nothing but the docstring stands in it: importing it costs nothing."""
    module = MODULES[name]
    assert "Others import: " in (ast.get_docstring(module.tree) or "")
    assert {f"{name}.{each}" for each in module.opens} <= set(MODULES)
    assert len(module.tree.body) == 1


def test_no_module_imports_itself_through_others() -> None:
    """No cycles."""
    assert list(structure.cycles(GRAPH)) == []


def test_a_cycle_would_be_found() -> None:
    """Also one that a function closes."""
    graph = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"b"})}
    assert list(structure.cycles(graph)) == [("b", "c", "b")]


def test_every_import_counts(tmp_path: Path) -> None:
    """Those inside functions and for type checking too."""
    source = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import bench.gate\ndef f():\n    import bench.cli\n"
    )
    (tmp_path / "one.py").write_text(source)
    (module,) = read_modules(tmp_path).values()
    assert imports_of(module, {}) == {"gate", "cli"}


def test_extensions_never_import_one_another() -> None:
    """Each of a room is on its own; what two of them share stands in no catalogue. (A section asks for answers.)"""
    found = {(name, other) for name in TARGETS for other in GRAPH[name] & TARGETS - {name} if top(name) == top(other)}
    assert not found


@pytest.mark.parametrize("name", sorted(MODULES))
def test_module_is_small_and_says_what_it_is(name: str) -> None:
    """A docstring, few lines, and a name that means something."""
    module = MODULES[name]
    assert module.lines <= FEW_LINES
    assert module.says
    assert module.path.stem not in ("utils", "util", "misc", "helpers", "common", "core")


def test_only_one_place_catches_everything() -> None:
    """The cell's boundary, and that of a version that is held against another."""
    broad = []
    for name, module in MODULES.items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler):
                names = {each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)} if node.type else {""}
                raises_again = any(isinstance(each, ast.Raise) and each.exc is None for each in ast.walk(node))
                if names & {"", "Exception", "BaseException"} and not raises_again:
                    broad.append(name)
    assert broad == ["gate.duel.worker", "outcomes"]


WRITING = {
    "machine.writing": "the door",
    "machine.timing": "a switch of the kernel, in /proc",
    "gate.duel.clock": "a switch of the kernel, in /proc",
    "learning.training": "files without a name, which end with the process",
    "gate.duel.pair": "a file without a name, which ends with the process",
    "gate.duel.worktrees": "copies of a checkout, in a temporary folder that the door has made",
    "gate.workloads.material": "runs beside versions that have no such door",
}
"""Modules that write, make folders or delete by themselves, and why they may."""


def test_only_one_module_writes() -> None:
    """What lies in a folder that came from others is written, and removed, in `machine.writing` alone."""
    found = writers(MODULES)
    assert {name: lines for name, lines in found.items() if name not in WRITING} == {}
    assert found.keys() == WRITING.keys(), "a module that writes no more needs no reason"


@pytest.mark.parametrize(
    "line",
    [
        *("path.write_text('x')", "open(path, 'w')", "path.open('ab')", "path.open(mode='r+b')", "Path(a).replace(b)"),
        *(
            "os.replace(a, b)",
            "shutil.rmtree(a)",
            "a.unlink(missing_ok=True)",
            "np.save(path, b)",
            "torch.save(b, path)",
        ),
        *("figure.savefig(path, format='svg')", "tempfile.mkstemp()", "os.open(a, os.O_WRONLY | os.O_CREAT)"),
        *("a.mkdir()", "np.memmap(a, mode='w+')", "os.remove(a)", "json_lines.touch()", "save_file(state, path)"),
    ],
)
def test_a_line_that_writes_would_be_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "one.py").write_text(f"def f():\n    {line}\n")
    assert list(writers(read_modules(tmp_path))) == ["one"]


@pytest.mark.parametrize(
    "line",
    [
        *(
            "text.replace('a', 'b')",
            "dataclasses.replace(a, b=1)",
            "dataclasses.replace(a)",
            "open(path)",
            "a.open('rb')",
        ),
        *("with writing.stream(path) as file:\n        np.save(file, b)", "found.remove(3)", "writing.remove(path)"),
    ],
)
def test_a_line_that_writes_nothing_is_let_be(tmp_path: Path, line: str) -> None:
    (tmp_path / "one.py").write_text(f"def f():\n    {line}\n")
    assert writers(read_modules(tmp_path)) == {}


def named_by_text() -> set[str]:
    """Return each `module:object` of this project that stands as text in its code, its catalogue or pyproject.toml."""
    texts = [
        node.value
        for module in MODULES.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    found = {text for text in texts if re.fullmatch(r"bench(\.\w+)+:\w+", text)}
    found |= {registry.entry(name).target for registry in REGISTRIES for name in registry.names()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    timer = re.findall(r"--benchmark-timer=(\S+)\.(\w+)", project["tool"]["pytest"]["ini_options"]["addopts"])
    return found | set(project["project"]["scripts"].values()) | {f"{module}:{name}" for module, name in timer}


def test_texts_that_name_code_are_found() -> None:
    """One of each kind."""
    assert {
        "bench.__main__:main",
        "bench.cell.cell:run_cell",
        "bench.running.pixels:prepare_data",
        "bench.machine.timing:synchronised_clock",
    } <= named_by_text()


@pytest.mark.parametrize("target", sorted(named_by_text()))
def test_what_is_named_by_text_is_there(target: str) -> None:
    """Moving a function can't leave its name behind."""
    module, _, name = target.partition(":")
    assert hasattr(importlib.import_module(module), name)


def test_modules_and_files_that_are_named_by_text_are_there() -> None:
    """What the fork server imports before any cell, and the files that an installed copy has beside the code."""
    for module in MODULES.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and re.fullmatch(r"bench(\.\w+)+", str(node.value)):
                name = str(node.value).removeprefix("bench.")
                assert name in MODULES or name in {registry.kind for registry in REGISTRIES}, node.value
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for package, globs in project["tool"]["setuptools"]["package-data"].items():
        folder = ROOT / package.replace(".", "/")
        assert all(list(folder.glob(glob)) for glob in globs)


@pytest.mark.parametrize(
    "module", ["bench.cli", "bench.catalog", "bench.suites.suite", "bench.suites.plan", "bench.answers.reading"]
)
def test_before_and_after_a_cell_there_is_no_torch(module: str) -> None:
    """Suites are read, and records too, without it."""
    asked = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=False).returncode == 0


def test_tests_mirror_the_packages() -> None:
    """A folder of tests is named after a package; at the root stands what concerns all."""
    for path in TESTS.rglob("test_*.py"):
        parts = path.relative_to(TESTS).parts[:-1]
        assert not parts or parts[0] in BESIDE or PACKAGE.joinpath(*parts).is_dir(), path


def lacking() -> set[str]:
    """Return the modules without a test of their name in the folder of their package; extensions apart."""
    return {
        name
        for name, module in MODULES.items()
        if not module.is_package
        and name not in TARGETS
        and not TESTS.joinpath(*name.split(".")).with_name(f"test_{module.path.stem}.py").exists()
    }


def test_modules_have_a_test_of_their_name() -> None:
    """Nine in ten of those that are no extension; extensions have the contract test and properties of their own."""
    mine = {name for name, module in MODULES.items() if not module.is_package and name not in TARGETS}
    assert len(lacking()) <= len(mine) // 10, sorted(lacking())


def test_the_map_is_true() -> None:
    """`python -m tests.tools.structure` would change nothing."""
    text = MAP.read_text(encoding="utf-8")
    assert structure.with_map(text, structure.draw(MODULES)) == text, "run: python -m tests.tools.structure"
