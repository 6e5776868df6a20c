"""Code that is not the project's own: where it may come from, how it is imported, and what is told of its faults.

A suite that names no module and has no plug-in runs none of it: the folder that `bench` is called in is no place that
Python imports from until a name, `package.module:object`, is found nowhere else.
"""

import contextlib
import functools
import importlib
import importlib.util
import keyword
import multiprocessing
import os
import re
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distributions, packages_distributions, requires
from typing import Any, TextIO, TypeVar

from bench.errors import BenchError
from bench.working_folder import is_here

Given = TypeVar("Given")
PROJECT, PACKAGE = "transferbench", "bench"
LONGEST = 200
"""Characters of a name, and of what is told of an error."""
FORM = "write package.module:object, as in my_methods:MyMethod"


def load(target: str, fault: Callable[[Any], str | None], here_too: bool) -> Any:
    """Import and return `package.module:object`, which nothing is called of; raise `BenchError` where it is at fault.

    It comes from what is installed or, where it is nowhere else and `here_too`, from the working folder; never from
    Python itself.
    """
    module, name = _parts(target)
    root = module.partition(".")[0]
    if here_too:
        _look_here_too(root)
    if _is_pythons(root):
        raise BenchError(f"{target}: {root} is a module of Python's own; name one of yours, which is called otherwise")
    found = _imported(target, module)
    thing = guarded(target, lambda: getattr(found, name, found))
    if thing is found:
        place = getattr(found, "__file__", None) or "a folder without code"
        raise BenchError(f"{target}: can't be imported ({module} has no {name}: {place}); correct the name")
    if (why := guarded(target, lambda: fault(thing))) is not None:
        raise BenchError(f"{target}: {why}")
    return thing


def _parts(target: str) -> tuple[str, str]:
    """Return the module and the object that a name is made of."""
    module, _, name = target.partition(":")
    words = [*module.split("."), name]
    named = all(word.isidentifier() and not keyword.iskeyword(word) for word in words)
    if not named or words[0].startswith("__") or len(target) > LONGEST:
        raise BenchError(f"{shown(target)}: can't be imported (no name of an object in a module); {FORM}")
    return module, name


def shown(text: str) -> str:
    """Return a text as it may stand in a line: short, and quoted where it has signs that can't be seen."""
    short = text if len(text) <= LONGEST else f"{text[:40]}..."
    return short if short.isprintable() and short.strip() == short else repr(short)


def _look_here_too(root: str) -> None:
    """Add the working folder to the places that Python imports from, as the last, for what is nowhere else."""
    if root in sys.modules or _origin(root) is not None:
        return
    with contextlib.suppress(OSError):
        here = os.getcwd()
        if here not in sys.path:
            sys.path.append(here)
            importlib.invalidate_caches()


def _origin(root: str) -> str | None:
    """Return where a module that stands in no package would come from; null where it is nowhere, or a bare folder."""
    try:
        spec = importlib.util.find_spec(root)
    except (ImportError, ValueError, AttributeError):
        return None
    return spec.origin if spec is not None else None


def _is_pythons(root: str) -> bool:
    if root in sys.stdlib_module_names or root in sys.builtin_module_names:
        return True
    # some are no part of that list, as the package of Python's own tests
    origin = _origin(root) or ""
    paths = sysconfig.get_paths()
    installed = any(origin.startswith(paths[kind] + os.sep) for kind in ("purelib", "platlib"))
    return origin.startswith(paths["stdlib"] + os.sep) and not installed and "site-packages" not in origin


class _Aside:
    """Standard output for what is being imported: it goes to standard error, and is noticed."""

    def __init__(self, to: TextIO) -> None:
        self.to = to
        self.used = False

    def write(self, text: str) -> int:
        """Write to standard error."""
        self.used = True
        return self.to.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.to, name)


def _imported(target: str, module: str) -> Any:
    aside = _Aside(sys.stderr)
    try:
        # what a program reads on standard output, JSON say, holds nothing of what a module prints
        with contextlib.redirect_stdout(aside):
            found = importlib.import_module(module)
    except BaseException as error:  # also SystemExit, which would end this program without a word
        if isinstance(error, KeyboardInterrupt):
            raise
        missing = isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")
        cure = "install it or correct the name" if missing else f"mend {module}"
        raise BenchError(f"{target}: can't be imported ({said(error)}); {cure}") from error
    if aside.used:
        tell(f"{module}: prints while it is imported; that is on standard error")
    return found


def guarded(what: str, work: Callable[[], Given], passed: tuple[type[Exception], ...] = ()) -> Given:
    """Return what a user's code gives outside a cell; whatever it raises is one line that names it.

    Errors that a user can mend pass, and those that the caller knows of.
    """
    try:
        return work()
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, BenchError, *passed)):
            raise
        raise BenchError(f"{what}: raised {said(error)}; mend it") from error


def said(error: BaseException) -> str:
    """Return an error in one line: its class and the first line of what it says, also where that can't be had."""
    last = traceback.format_exception_only(error)[-1].strip() or type(error).__name__
    place = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
    line = last.splitlines()[0]
    return shown(line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}...") + place


def tell(line: str) -> None:
    """Warn of something, once, in the process that a person looks at: cells import what has been told of already."""
    if multiprocessing.parent_process() is None:
        warnings.warn(line, stacklevel=2)


@dataclass(frozen=True)
class PlugIn:
    """What an installed package offers."""

    name: str
    target: str
    package: str


def plug_ins(group: str) -> tuple[PlugIn, ...]:
    """Return what installed packages offer under an entry-point group; metadata that can't be read is told."""
    return _plug_ins(group, tuple(sys.path))


@functools.lru_cache(maxsize=64)  # of each cell the method is looked up, and its metadata is that of the installation
def _plug_ins(group: str, places: tuple[str, ...]) -> tuple[PlugIn, ...]:
    # plug-ins are installed: metadata that lies in the working folder offers nothing
    searched = [place for place in places if not is_here(place)]
    seen: dict[str, Distribution] = {}
    for each in distributions(path=searched):
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            seen.setdefault(normal(each.metadata["Name"]), each)
    return tuple(point for package, each in seen.items() for point in _offered(group, package, each))


def _offered(group: str, package: str, of: Distribution) -> list[PlugIn]:
    text = ""
    try:
        text = of.read_text("entry_points.txt") or ""
        points = [point for point in of.entry_points if point.group == group] if group in text else []
        return [PlugIn(str(point.name), str(point.value), package) for point in points]
    except (TypeError, ValueError, AttributeError) as error:
        tell(f"package {package}: its entry_points.txt can't be read ({said(error)}); its plug-ins are left out")
        return []


def is_library(target: str) -> bool:
    """Say whether a module belongs to this project or to a package that it needs."""
    root = target.partition(":")[0].partition(".")[0]
    return root == PACKAGE or root in _library_roots()


@functools.cache  # it reads the lists of files of all that is installed
def _library_roots() -> frozenset[str]:
    needed = _needed()
    return frozenset(
        root for root, packages in packages_distributions().items() if any(normal(each) in needed for each in packages)
    )


def _needed() -> frozenset[str]:
    """Return the packages that this project needs, and those that they need."""
    found: set[str] = set()
    waiting = [PROJECT]
    while waiting:
        package = normal(waiting.pop())
        if package not in found:
            found.add(package)
            with contextlib.suppress(PackageNotFoundError):
                named = [each for each in requires(package) or () if "extra ==" not in each]
                waiting += [re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in named]
    return frozenset(found)


def normal(package: str) -> str:
    """Return a package's name as the index spells it."""
    return re.sub(r"[-_.]+", "-", package).lower()
