"""On which machine, with which libraries and from which commit a record was made."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from bench.machine.devices import READ_ONCE, cores

PACKAGES = (
    "transferbench",
    "torch",
    "torchvision",
    "timm",
    "numpy",
    "scipy",
    "scikit-learn",
    "pillow",
    "safetensors",
    "huggingface-hub",
    "pandas",
    "matplotlib",
    "peft",
)
VARIABLES = (
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "TORCH_HOME",
    "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    *READ_ONCE,
)


def describe(device: str) -> dict[str, Any]:
    """Return the environment as JSON: processor, memory, system, versions, commit, and the GPU where one is used."""
    return {
        "machine": platform.machine(),
        "processor": processor_name(),
        "cores": cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "torch_build": _torch_build(),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "commit": commit(),
        "device": device,
        "gpu": _gpu(device),
    }


def _torch_build() -> str | None:
    """Return torch's version, build included; null where this process hasn't imported it."""
    # as plain text: its own type would import torch wherever the record is read
    torch = sys.modules.get("torch")
    return None if torch is None else str(torch.__version__)


def machine(device: str) -> str:
    """Return what decides how fast this machine is, in words: processor, cores, GPU."""
    gpu = _gpu(device)
    return f"{processor_name()}, {cores()} cores" + (f", {gpu['name']}" if gpu else "")


def processor_name() -> str:
    """Return the processor's name and the vector instructions that decide its speed."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    lines = dict(line.split("\t: ", 1) for line in info.read_text().split("\n\n")[0].splitlines() if "\t: " in line)
    lines = {key.strip(): value for key, value in lines.items()}
    wanted = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    flags = set(lines.get("flags", "").split())
    return " ".join([lines.get("model name", platform.machine()), *(flag for flag in wanted if flag in flags)])


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def commit() -> str | None:
    """Return the commit of the harness's checkout, marked `dirty` where it was changed; null outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    asked = [["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]]
    try:
        answers = [
            subprocess.run(["git", "-C", str(root), *command], capture_output=True, text=True, check=True).stdout
            for command in asked
        ]
    except (OSError, subprocess.CalledProcessError):
        return None
    return answers[0].strip() + (" dirty" if answers[1].strip() else "")


def _gpu(device: str) -> dict[str, Any] | None:
    # only where a cell has imported it: the run's own process must hold no CUDA context
    torch = sys.modules.get("torch")
    if torch is None or not device.startswith("cuda"):
        return None
    found = torch.cuda.get_device_properties(device)
    return {
        "name": found.name,
        "memory_gib": round(found.total_memory / 2**30, 1),
        "capability": f"{found.major}.{found.minor}",
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "driver": _driver(),
    }


def _driver() -> str | None:
    try:
        asked = subprocess.run(
            ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return asked.stdout.splitlines()[0].strip()
