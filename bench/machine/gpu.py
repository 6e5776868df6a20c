"""The state of an NVIDIA GPU as its driver tells it (NVML); nothing where that can't be asked."""

import os
from typing import Any

THROTTLING = {
    0x4: "power cap",
    0x8: "hardware slowdown",
    0x20: "thermal, software",
    0x40: "thermal, hardware",
    0x80: "power brake",
}
"""Bits of NVML's clocks event reasons that mean the GPU is held back."""


def snapshot(device: str) -> dict[str, Any] | None:
    """Return clocks in MHz, °C, W, the energy counter in J, what holds the clocks back, and other processes.

    Null on other devices, and without the `gpu` extra (nvidia-ml-py).
    """
    if not device.startswith("cuda"):
        return None
    try:
        import pynvml as nvml
    except ImportError:
        return None
    import torch

    try:
        nvml.nvmlInit()
        handle = nvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
    except nvml.NVMLError:
        return None
    reasons = _ask(nvml, lambda: nvml.nvmlDeviceGetCurrentClocksEventReasons(handle))
    processes = _ask(nvml, lambda: nvml.nvmlDeviceGetComputeRunningProcesses(handle))
    energy = _ask(nvml, lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle))
    power = _ask(nvml, lambda: nvml.nvmlDeviceGetPowerUsage(handle))
    return {
        "sm_mhz": _ask(nvml, lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM)),
        "memory_mhz": _ask(nvml, lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM)),
        "celsius": _ask(nvml, lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)),
        "watts": power / 1000 if power is not None else None,
        "joules": energy / 1000 if energy is not None else None,
        "throttled_by": None if reasons is None else [name for bit, name in THROTTLING.items() if reasons & bit],
        "other_processes": None if processes is None else sum(each.pid != os.getpid() for each in processes),
    }


def _ask(nvml: Any, question: Any) -> Any:
    """Return the answer, or null where this GPU doesn't tell."""
    try:
        return question()
    except nvml.NVMLError:
        return None
