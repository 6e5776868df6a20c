"""The structure of the package, read from its sources. `python -m tests.tools.structure` draws docs/architecture.md.

Imports are read, not made, so every one counts: at the top, inside functions, for type checking. Extensions, which the
catalogue names, are left out of the map: it stays true when one is added.
"""

import ast
import itertools
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench import catalog
from bench.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "bench"
MAP = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- drawn by: python -m tests.tools.structure -->", "<!-- end -->"
ORDER: tuple[tuple[str, ...], ...] = (
    ("errors", "schema", "seeding", "working_folder"),
    ("modules", "outcomes"),
    ("contracts", "machine", "registry", "statistics"),
    ("catalog", "data", "records"),
    ("answers", "backbones", "learning"),
    ("methods", "suites"),
    ("cell", "gate", "pretraining"),
    ("probes", "reports", "running"),
    ("commands",),
    ("cli",),
    ("__main__",),
)
"""What stands at the top of `bench`, from the bottom up: each imports only from those before its own group."""
OPEN = re.compile(r"Others import: ([^.]*(?:\.(?!\s|$)[^.]*)*)\.")
"""Where the docstring of a package names the modules that others may import."""


@dataclass(frozen=True)
class Module:
    """A source file of the package."""

    name: str
    """Below `bench`, with dots; empty for `bench` itself."""
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @property
    def is_package(self) -> bool:
        """Whether it is a folder's `__init__`."""
        return self.path.name == "__init__.py"

    @property
    def says(self) -> str:
        """The first paragraph of its docstring, on one line."""
        text = ast.get_docstring(self.tree) or ""
        return " ".join(text.split("\n\n")[0].split())

    @property
    def opens(self) -> frozenset[str]:
        """Of a package: the modules that others may import, named from it on."""
        found = OPEN.search(" ".join((ast.get_docstring(self.tree) or "").split()))
        names = found.group(1).split(", ") if found else []
        return frozenset(names) - {"nothing"}

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return len(self.path.read_text(encoding="utf-8").splitlines())


def read_modules(package: Path = PACKAGE) -> dict[str, Module]:
    """Return the modules of a package by their names below it."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = [part for part in path.relative_to(package).with_suffix("").parts if part != "__init__"]
        found[".".join(parts)] = Module(".".join(parts), path)
    return found


def imports_of(module: Module, known: Mapping[str, Module]) -> frozenset[str]:
    """Return the modules of `bench` that a module imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{module.path}: a relative import; name the module from `bench` on")
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in inside if name.removeprefix("bench.") in known}
            found |= modules or {str(node.module)}
    return frozenset(name.removeprefix("bench").lstrip(".") for name in found if name.split(".")[0] == "bench")


def top(name: str) -> str:
    """Return what of the top of `bench` a module belongs to."""
    return name.split(".")[0]


def height(name: str) -> int:
    """Return the group of `ORDER` that a module belongs to; `bench` itself lies below all."""
    if not name:
        return -1
    for place, group in enumerate(ORDER):
        if top(name) in group:
            return place
    raise ValueError(f"bench.{name} stands in no group of ORDER: say where it belongs")


def packages_around(name: str) -> list[str]:
    """Return the packages that a module lies in, the largest first; `bench` aside."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def catalogued(*registries: Registry) -> frozenset[str]:
    """Return the modules that registries name: extensions, of which there may be any number."""
    targets = [registry.entry(name).target for registry in registries for name in registry.names()]
    return frozenset(target.partition(":")[0].removeprefix("bench.") for target in targets)


EXTENSIONS = catalogued(*(each for each in vars(catalog).values() if isinstance(each, Registry)))
ANSWERS = catalogued(catalog.ANSWERS)


def closed_doors(name: str, other: str, known: Mapping[str, Module]) -> list[str]:
    """Return the packages around another module that neither hold the first one nor name the other as open.

    An answer of the catalogue is open to all: sections ask for it.
    """
    if other in ANSWERS:
        return []
    return [
        package
        for package in packages_around(other)
        if not f"{name}.".startswith(f"{package}.") and other.removeprefix(f"{package}.") not in known[package].opens
    ]


def cycles(graph: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, ...]]:
    """Yield modules that import themselves through others."""
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if name in above:
            yield (*above[above.index(name) :], name)
        elif name not in done:
            for other in sorted(graph[name]):
                yield from visit(other, (*above, name))
            done.add(name)

    for name in graph:
        yield from visit(name, ())


def draw(known: Mapping[str, Module]) -> str:
    """Return the map: the order, then each room with what it is, what it opens and what it imports."""
    graph = {name: imports_of(module, known) for name, module in known.items()}
    return "\n".join([*_order(), "", *_rooms(known, graph), "", *_insides(known)])


def _order() -> list[str]:
    groups = [" ".join(group) for group in ORDER]
    text = "\n  < ".join(_packed(groups, 100))
    return ["```", text, "```"]


def _packed(groups: Sequence[str], width: int) -> list[str]:
    lines = [groups[0]]
    for group in groups[1:]:
        joined = f"{lines[-1]}  <  {group}"
        if len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(group)
    return lines


def _rooms(known: Mapping[str, Module], graph: Mapping[str, frozenset[str]]) -> list[str]:
    lines = ["| room | what it is | modules, extensions apart | imports from |", "|---|---|---|---|"]
    for name in itertools.chain.from_iterable(reversed(ORDER)):
        inside = [each for each in known if top(each) == name]
        needs = {top(other) for each in inside for other in graph[each]} - {name, ""}
        files = [each for each in inside if not known[each].is_package and each not in EXTENSIONS]
        told = (
            ", ".join(f"`{other}`" for other in sorted(needs, key=lambda other: (-height(other), other))) or "nothing"
        )
        mark = "/" if known[name].is_package else ".py"
        lines.append(f"| `{name}{mark}` | {known[name].says} | {len(files)} | {told} |")
    return lines


def _insides(known: Mapping[str, Module]) -> list[str]:
    """Say what each package holds: its modules, those that others may import in bold."""
    lines: list[str] = []
    for group in reversed(ORDER):
        for name in group:
            if known[name].is_package:
                inside = _inside(name, known) or ["- extensions alone, which the catalogue names"]
                lines += [f"**`{name}/`**", "", *inside, ""]
    return lines[:-1]


def _inside(package: str, known: Mapping[str, Module]) -> list[str]:
    parts: dict[str, list[str]] = {}
    for name, module in known.items():
        if name.startswith(f"{package}.") and not module.is_package and name not in EXTENSIONS:
            folder, _, stem = name.removeprefix(f"{package}.").rpartition(".")
            is_open = name.removeprefix(f"{package}.") in known[package].opens
            parts.setdefault(folder, []).append(f"**{stem}**" if is_open else stem)
    lines = []
    for folder, stems in parts.items():
        head = f"- `{folder.replace('.', '/')}/`: " if folder else "- "
        lines += textwrap.wrap(head + ", ".join(stems), width=118, subsequent_indent="  ", break_long_words=False)
    return lines


def with_map(text: str, drawn: str) -> str:
    """Return a document with the map between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{drawn}\n{END}{after}"


if __name__ == "__main__":
    MAP.write_text(with_map(MAP.read_text(encoding="utf-8"), draw(read_modules())), encoding="utf-8")
