"""The package's shape: imports go downwards only, extensions never know one another, modules stay small."""

import ast
from pathlib import Path

import pytest

import bench
from bench.catalog import DATASETS, METHODS, PRETRAINING, PROBES, PROFILES, REPORTS, WORKLOADS

ROOT = Path(bench.__file__).parent
LAYERS = [
    {
        "",
        "errors",
        "schema",
        "record",
        "record_types",
        "registry",
        "stats",
        "seeding",
        "yaml_marks",
        "gpu",
        "watching",
        "jobs",
        "identity",
        "search",
        "paired",
        "learning_curves",
        "variance",
        "ranking",
        "weights_name",
        "calibration",
        "overlap",
        "correctness",
        "record_filter",
        "curves",
        "phase_memory",
        "duel.sequential",
        "duel.measured",
        "duel.clock",
        "later",
        "filling",
    },
    {"timing", "cache", "devices", "catalog", "contracts", "cell_run", "pretraining_contract"},
    {
        "environment",
        "housekeeping",
        "suite_file",
        "workload_suite",
        "store",
        "aggregate",
        "rows",
        "corruption_rows",
        "overlap_notes",
        "verdicts",
        "crossings",
        "label_needs",
        "noise_rows",
        "recommend",
        "trial_rows",
        "score_rows",
        "joining",
        "columns",
        "crosstab",
        "leaderboard",
        "transferability",
        "backbones",
        "data",
        "solvers",
        "pareto",
        "gate",
    },
    {"choices", "features", "executors", "reading"},
    {"suite", "evaluation", "training", "recipe", "reports", "profiling", "tuning"},
    {"plan", "methods", "pretraining", "probes", "profiles", "precision", "packing", "prepare", "pretrained"},
    {"resume", "provision", "assembly", "cell", "reporting", "progress"},
    {"workloads", "duel"},
    {"run", "planning", "executors.preload", "listing"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
"""From the bottom up. A module imports from its own package, from its own layer or from one below."""
MODULES = sorted(ROOT.rglob("*.py"))
FEW_LINES = 350


def dotted(path: Path) -> str:
    """Return a module's name below `bench`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


NAMES = {dotted(path) for path in MODULES}


def imports(path: Path) -> set[str]:
    """Return the modules of `bench` that a module imports, anywhere but for type checking."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            known = {name for name in inside if name.removeprefix("bench.") in NAMES}
            found |= known or {str(node.module)}
    return {name.removeprefix("bench").lstrip(".") for name in found if name.split(".")[0] == "bench"}


def layer(module: str) -> int:
    """Return a module's layer, by its own name or its package's."""
    for name in (module, module.split(".")[0]):
        for height, names in enumerate(LAYERS):
            if name in names:
                return height
    raise AssertionError(f"bench.{module} stands in no layer: say where it belongs")


GRAPH = {dotted(path): imports(path) for path in MODULES}


@pytest.mark.parametrize("module", sorted(GRAPH))
def test_imports_go_downwards_only(module: str) -> None:
    """What a module needs lies below it, beside it, or in its own package."""
    for other in GRAPH[module] - {module}:
        assert other in NAMES, f"bench.{module} imports bench.{other}, which is not there"
        same_package = "." in module and other.split(".")[0] == module.split(".")[0]
        assert same_package or layer(other) <= layer(module), f"bench.{module} imports bench.{other}"


def test_no_module_imports_itself_through_others() -> None:
    """No cycles."""
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " -> ".join((*above, module))
        if module not in done:
            for other in GRAPH[module]:
                visit(other, (*above, module))
            done.add(module)

    for module in GRAPH:
        visit(module, ())


def test_extensions_never_import_one_another() -> None:
    """What stands in a catalogue is on its own; what two of them share stands in none."""
    registries = (DATASETS, METHODS, PRETRAINING, PROBES, PROFILES, REPORTS, WORKLOADS)
    targets = {
        registry.entry(name).target.partition(":")[0].removeprefix("bench.")
        for registry in registries
        for name in registry.names()
    }
    found = {(module, other) for module in targets for other in GRAPH[module] & targets - {module}}
    assert not found


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_module_is_small_and_says_what_it_is(path: Path) -> None:
    """A docstring, few lines, and a name that means something."""
    text = path.read_text()
    assert len(text.splitlines()) <= FEW_LINES
    assert ast.get_docstring(ast.parse(text))
    assert path.stem not in ("utils", "util", "misc", "helpers", "common", "core")


def test_only_one_place_catches_everything() -> None:
    """The cell's boundary, and that of a version that is held against another."""
    broad = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                names = {each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)} if node.type else {""}
                raises_again = any(isinstance(each, ast.Raise) and each.exc is None for each in ast.walk(node))
                if names & {"", "Exception", "BaseException"} and not raises_again:
                    broad.append(dotted(path))
    assert broad == ["duel.worker", "executors.calling"]


SHOWN_TOGETHER = {
    "methods": "methods",
    "pretraining": "pretraining",
    "probes": "cell",
    "profiles": "profiling",
    "executors": "executors",
    "reports": "reports",
    "catalog": "contracts",
    "commands": "commands",
    "workloads": "workloads",
    "duel": "duel",
    "__main__": "cli",
    "data": "contracts",
    "backbones": "contracts",
    "": "cli",
}
"""Modules without a test of their own, by package: the test of what all of their kind must do."""


def test_every_module_has_a_test() -> None:
    """Its namesake, or that of its kind; one in ten may be shown through others."""
    tests = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert set(SHOWN_TOGETHER.values()) <= tests
    lacking = {module for module in NAMES if module.split(".")[-1] not in tests}
    lacking = {module for module in lacking if module.split(".")[0] not in SHOWN_TOGETHER}
    assert len(lacking) <= len(NAMES) // 10, sorted(lacking)
