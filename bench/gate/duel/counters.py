"""What one unit of work does, counted: the same on each run, however busy the machine is."""

import gc
import itertools
import sys
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.profiler import profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

HOST_SYNCHRONISATIONS = (
    *("aten._local_scalar_dense.default", "aten.is_nonzero.default", "aten.equal.default"),
    *("aten.nonzero.default", "aten._unique2.default", "aten.masked_select.default"),
)
"""Operators that wait for the device, since the host needs to know their result or its shape."""
BY_CHANCE = ("threading.py", "concurrent/futures/thread.py", "concurrent/futures/_base.py", "queue.py", "weakref.py")
"""Files of Python's own whose calls hang on which thread waits for which, or on what is collected when."""
STEADY_UNITS = 3
"""Units whose growth is compared: what not every one of them adds is no leak."""


@dataclass(frozen=True)
class Counted:
    """What one unit did."""

    totals: Mapping[str, float]
    """By the name of the counter; `verdict` says how much each may grow."""
    operators: Mapping[str, int]
    """Calls of torch's operators by name."""
    calls: Mapping[str, int]
    """Calls of Python's functions by file and name."""
    torch: str
    """The version: other versions count otherwise."""


def count(unit: Callable[[], object], device: str, root: str) -> Counted:
    """Count one unit, in several passes over it; names of functions are given below `root`."""
    unit()
    gc.collect()
    gc.freeze()  # what is there stays: collecting after each unit looks at what is new alone
    try:
        return _counted(unit, device, root)
    finally:
        gc.unfreeze()


def _counted(unit: Callable[[], object], device: str, root: str) -> Counted:
    operators = Operators()
    with operators:
        unit()
    # what comes by chance, such as a thread that waits once more, only adds calls
    calls = min((python_calls(unit, root) for _ in range(2)), key=lambda found: found.total())
    totals = {
        "operators": operators.calls.total(),
        "flop": flop(unit),
        "bytes_written": operators.bytes_written,
        "bytes_saved_for_backward": saved_bytes(unit),
        "host_synchronisations": sum(operators.calls[name] for name in HOST_SYNCHRONISATIONS),
        "channels_first_operands": operators.channels_first,
        "parameters": sum(tensor.numel() for tensor in operators.parameters.values()),
        "python_calls": calls.total(),
        **(cuda_memory(unit, device) if device.startswith("cuda") else host_memory(unit)),
        "leaked_python_bytes": leaked_python_bytes(unit),
    }
    return Counted(totals, dict(operators.calls), dict(calls), str(torch.__version__))


class Operators(TorchDispatchMode):
    """Counts operator calls below autograd, what they write, and operands whose channels come first in memory."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: Counter[str] = Counter()
        self.bytes_written = 0
        self.channels_first = 0
        self.parameters: dict[int, torch.Tensor] = {}
        """What operators were given of them, each once."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do as asked, and note it."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        self.calls[str(func)] += 1
        self.bytes_written += sum(map(size, written(func._schema, args, kwargs, result)))
        operands = tensors([args, kwargs])
        self.channels_first += any(is_channels_first(tensor) for tensor in operands)
        # the tensors themselves are kept too: once one is freed, another may get its id
        self.parameters |= {id(tensor): tensor for tensor in operands if isinstance(tensor, torch.nn.Parameter)}
        return result


def written(schema: Any, args: Any, kwargs: Any, result: Any) -> list[torch.Tensor]:
    """Return the tensors that an operator wrote: arguments that it changed, and results that are no views."""
    changed = [value for value, spec in given(schema, args, kwargs) if spec.alias_info and spec.alias_info.is_write]
    returned = result if len(schema.returns) > 1 else [result]
    fresh = [value for value, spec in zip(returned, schema.returns, strict=False) if spec.alias_info is None]
    return tensors([changed, fresh])


def given(schema: Any, args: Any, kwargs: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the arguments of an operator, each with its place in the schema."""
    specs = {spec.name: spec for spec in schema.arguments}
    yield from zip(args, schema.arguments, strict=False)
    yield from ((value, specs[name]) for name, value in kwargs.items())


def tensors(nested: Any) -> list[torch.Tensor]:
    """Return all tensors in some arguments or results."""
    return [leaf for leaf in tree_leaves(nested) if isinstance(leaf, torch.Tensor)]


def size(tensor: torch.Tensor) -> int:
    """Return the bytes of a tensor's elements."""
    return tensor.numel() * tensor.element_size()


def is_channels_first(tensor: torch.Tensor) -> bool:
    """Say whether images or maps (B, C, H, W) lie plane after plane, where that is a difference at all."""
    if tensor.ndim != 4 or not tensor.is_floating_point() or tensor.shape[1] == 1 or tensor.shape[2:].numel() == 1:
        return False
    return tensor.is_contiguous() and not tensor.is_contiguous(memory_format=torch.channels_last)


def flop(unit: Callable[[], object]) -> int:
    """Return the floating-point operations of matrix products and convolutions, a multiply-add as two."""
    with FlopCounterMode(display=False) as counter:
        unit()
    return int(counter.get_total_flops())


def saved_bytes(unit: Callable[[], object]) -> int:
    """Return the bytes of what autograd keeps for backward passes: more, where a `no_grad` was lost."""
    total = 0

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal total
        total += size(tensor)
        return tensor.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        unit()
    return total


def python_calls(unit: Callable[[], object], root: str) -> Counter[str]:
    """Return the calls of functions, in all threads that start meanwhile, by file and name."""
    found: Counter[tuple[str, str]] = Counter()

    def note(frame: Any, event: str, argument: Any) -> None:
        file = frame.f_code.co_filename
        if file.endswith(BY_CHANCE):
            return
        if event == "call":
            found[file, frame.f_code.co_qualname] += 1
        elif event == "c_call":
            found["built-in", getattr(argument, "__qualname__", str(argument))] += 1

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        unit()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    named: Counter[str] = Counter()
    for (file, name), times in found.items():
        named[f"{short(file, root)}:{name}"] += times
    return named


def short(file: str, root: str) -> str:
    """Return a file's name without what differs between two checkouts."""
    inside = file.removeprefix(f"{root}/")
    return inside.rpartition("site-packages/")[2]


def host_memory(unit: Callable[[], object]) -> dict[str, float]:
    """Return what torch allocates in a unit, the most that is in use at once, and what is not given back."""
    allocations(unit)  # what the next one frees of it is known then
    changes = allocations(unit)
    in_use = list(itertools.accumulate(changes, initial=0))
    return {
        "bytes_allocated": sum(change for change in changes if change > 0),
        "peak_bytes": max(in_use),
        "leaked_tensor_bytes": max(0, in_use[-1]),
    }


def allocations(unit: Callable[[], object]) -> list[int]:
    """Return the bytes of each allocation of torch's, negative where they are given back, in the order of time."""
    gc.collect()
    with profile(profile_memory=True) as watched:
        unit()
        gc.collect()  # what hangs in cycles is no leak
    results: Any = watched.kineto_results
    events = sorted((each for each in results.events() if each.name() == "[memory]"), key=lambda each: each.start_ns())
    return [event.nbytes() for event in events]


def cuda_memory(unit: Callable[[], object], device: str) -> dict[str, float]:
    """Return what `host_memory` returns, of the device's memory and as torch's own books have it."""
    gc.collect()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_stats(device)
    unit()
    gc.collect()
    torch.cuda.synchronize()
    after = torch.cuda.memory_stats(device)
    allocated, current, peak = (f"allocated_bytes.all.{kind}" for kind in ("allocated", "current", "peak"))
    return {
        "bytes_allocated": after[allocated] - before[allocated],
        "peak_bytes": after[peak] - before[current],
        "leaked_tensor_bytes": max(0, after[current] - before[current]),
    }


def leaked_python_bytes(unit: Callable[[], object]) -> int:
    """Return the bytes of Python's and numpy's memory that each unit keeps: the least of several units."""
    tracemalloc.start()
    try:
        held = []
        for _ in range(1 + STEADY_UNITS):
            unit()
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return max(0, min(after - before for before, after in itertools.pairwise(held)))
