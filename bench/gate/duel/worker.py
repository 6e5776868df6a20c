"""The process of one side: it does what it is told, and answers each line of JSON with a line of JSON.

It is started by its path, with the side's own `bench` first among the places that Python imports from. What is
measured, `bench.gate.workloads`, and what measures it, `bench.gate.duel`, are put over the side's own packages of these
names: they are the same on both sides.
"""

# `bench` and torch are imported inside functions alone: `bench` must be known for the side's own first, and the two
# packages must lie over it

import dataclasses
import gc
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

Unit = Callable[[], object]
LACKING = (ImportError, AttributeError)
"""What is raised where a version does not have what a workload calls: not yet, or no longer."""


class Stranger(Exception):
    """Another `bench` was imported than the side's own."""


def graft(name: str, folder: Path) -> None:
    """Put a package from another folder in the place of the one of that name, where there is one."""
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    parent, _, child = name.rpartition(".")
    setattr(importlib.import_module(parent), child, module)  # else the parent's attribute would be the side's own


def lacks(error: Exception) -> bool:
    """Say whether an error tells that something is not there in this version, or is called otherwise."""
    return isinstance(error, LACKING) or (isinstance(error, TypeError) and "argument" in str(error))


class Side:
    """A side's workloads, made ready; its methods are what may be asked for."""

    def __init__(self, root: Path, asked: dict[str, Any]) -> None:
        self.root = root
        self.asked = asked
        self.units: dict[str, Unit] = {}

    def facts(self) -> dict[str, Any]:
        """Set what every measurement shares, and say under which conditions this side works."""
        import torch

        from bench.machine import devices

        flags = devices.configure(self.asked["device"], self.asked["threads"], True)
        return {
            "device": self.asked["device"],
            "precision": f"{self.asked['precision']}, {flags['fp32_precision']}",
            "threads": torch.get_num_threads(),
            "torch": str(torch.__version__),
            "python": sys.version.split()[0],
        }

    def prepare(self, name: str, target: str) -> dict[str, Any]:
        """Make a workload ready and do a unit of it; say what it lacks where it can't be had."""
        from bench.gate.workloads.conditions import Conditions

        module, _, function = target.partition(":")
        try:
            unit = getattr(importlib.import_module(module), function)(Conditions(**self.asked))
            unit()
        except Exception as error:  # whatever a version does, the other workloads are still to be had
            said = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            return {"lacks" if lacks(error) else "broke": said}
        self.units[name] = unit
        gc.collect()
        gc.freeze()  # what lies there by now is not gone through before each block
        return {}

    def hold(self, turn: int) -> None:
        """Work on one core from here on, where one thread does all; another turn is another core."""
        if self.asked["device"] == "cpu" and self.asked["threads"] == 1 and hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, {cores[turn % len(cores)]})

    def block(self, name: str, units: int) -> dict[str, Any]:
        """Do so many units and say what they took."""
        from bench.gate.duel.clock import run_block

        return dataclasses.asdict(run_block(self.units[name], units, self.asked["device"]))

    def peak(self, name: str) -> float:
        """Do one unit and say how much memory there was at most."""
        from bench.gate.duel.clock import peak_mib

        return peak_mib(self.units[name], self.asked["device"])

    def count(self, name: str) -> dict[str, Any]:
        """Count one unit."""
        from bench.gate.duel.counters import count

        return dataclasses.asdict(count(self.units[name], self.asked["device"], str(self.root)))


def serve(side: Side, requests: IO[str], answers: IO[str]) -> None:
    """Answer until there are no more requests."""
    for line in requests:
        request = json.loads(line)
        answer = getattr(side, request.pop("do"))(**request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Serve the side whose root, grafts and conditions the first argument names."""
    given = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer: it goes where errors go
    root = Path(given["root"])
    sys.path.append(given["modules"])  # the user's own, last: for what is nowhere else
    import bench

    if not Path(str(bench.__file__)).is_relative_to(root):
        raise Stranger(f"{bench.__file__} was imported in place of the package in {root}")
    for name, folder in given["grafts"].items():
        graft(name, Path(folder))
    serve(Side(root, given["asked"]), sys.stdin, answers)


if __name__ == "__main__":
    main()
