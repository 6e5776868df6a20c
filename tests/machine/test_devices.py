"""Which device `auto` is, and which switches are set before a cell's first operation."""

import os
import platform
import subprocess
import sys

import pytest
import torch

from bench.errors import BenchError
from bench.machine import devices


def test_auto_is_found_without_importing_torch_here() -> None:
    """Neither this process nor those forked from it may hold a CUDA context."""
    code = "import sys; from bench.machine.devices import resolve; print(resolve('auto'), 'torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert said[0] in ("cpu", "cuda", "mps")
    assert said[1] == "False"


@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:1", "mps"])
def test_named_device_is_taken_as_it_is(device: str) -> None:
    """Whether it is there is seen when it is used."""
    assert devices.resolve(device) == device


def test_auto_is_what_torch_says_where_a_gpu_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """And an error with a remedy where torch can't be asked."""
    monkeypatch.setattr(devices.shutil, "which", lambda _: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(devices, "_ASK", "print('cuda')")
    assert devices.resolve("auto") == "cuda"
    monkeypatch.setattr(devices, "_ASK", "raise SystemExit('no torch here')")
    with pytest.raises(BenchError, match="--device cpu"):
        devices.resolve("auto")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_device_that_is_not_there_is_refused() -> None:
    """Before anything is computed."""
    with pytest.raises(BenchError, match="--device cpu"):
        devices.configure("cuda", 1, deterministic=True)


@pytest.mark.parametrize("deterministic", [False, True])
def test_switches_are_set_and_returned(deterministic: bool) -> None:
    """What the record says is what torch has."""
    before = torch.get_num_threads()
    switches = devices.configure("cpu", 2, deterministic)
    assert torch.get_num_threads() == 2
    assert torch.are_deterministic_algorithms_enabled() is switches["deterministic_algorithms"] is deterministic
    assert torch.backends.cudnn.benchmark is switches["cudnn_benchmark"] is not deterministic
    assert torch.backends.fp32_precision == switches["fp32_precision"] == "ieee"
    assert switches["GOMP_SPINCOUNT"] == os.environ["GOMP_SPINCOUNT"]
    devices.configure("cpu", before, True)


def test_environment_is_prepared_but_the_users_own_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passive waiting, unless something else was asked for."""
    for name in devices.READ_ONCE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KMP_BLOCKTIME", "200")
    devices.prepare_environment()
    assert os.environ["GOMP_SPINCOUNT"] == "0"
    assert os.environ["KMP_BLOCKTIME"] == "200"


FAULTS = """
import resource
from bench.machine.devices import keep_memory, prepare_environment
{}
size = 2**26
for _ in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * size
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults * resource.getpagesize())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
@pytest.mark.parametrize(
    ("environment", "first", "kept"),
    [
        ({}, "", False),
        (devices.READ_ONCE, "", True),
        ({}, "prepare_environment(); keep_memory()", True),
        ({"MALLOC_MMAP_MAX_": "65536"}, "prepare_environment(); keep_memory()", False),
    ],
    ids=["as it comes", "told when it starts", "told later", "the user's own"],
)
def test_freed_memory_is_kept(environment: dict[str, str], first: str, kept: bool) -> None:
    """The second array of a process lies where the first one lay: the kernel need not give it page by page again."""
    own = {name: value for name, value in os.environ.items() if name not in devices.READ_ONCE}
    code = FAULTS.format(first)
    said = subprocess.run(
        [sys.executable, "-c", code], env=own | environment, capture_output=True, text=True, check=True
    )
    assert (int(said.stdout) < 2**24) is kept


MINE = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


@pytest.mark.skipif(0 not in MINE, reason="no affinity to set here")
@pytest.mark.parametrize(
    ("code", "counted"),
    [("os.sched_setaffinity(0, {0})", 1), ("cores(); os.sched_setaffinity(0, {0})", len(MINE))],
    ids=["held from outside", "held after it was asked"],
)
def test_cores_are_those_that_this_process_may_use_before_any_pinning_of_ours(code: str, counted: int) -> None:
    """Not those of the machine, and the same for a worker as for the run."""
    code = f"import os; from bench.machine.devices import cores; {code}; print(cores())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == f"{counted}\n"


def test_autocast_halves_only_when_asked() -> None:
    """bfloat16 in matrix products; float32 otherwise."""
    matrix = torch.ones(4, 4)
    with devices.autocast("cpu", "fp32"):
        assert (matrix @ matrix).dtype == torch.float32
    with devices.autocast("cpu", "bf16"):
        assert (matrix @ matrix).dtype == torch.bfloat16
