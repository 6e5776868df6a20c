"""The state of an NVIDIA GPU, asked of its driver (NVML)."""

import os
from collections.abc import Callable
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

    A value that this GPU doesn't tell is null. There is no snapshot, but null, of other devices, without the `gpu`
    extra (nvidia-ml-py), and where the driver can't be asked.
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
        # by its id: the driver's numbers know nothing of CUDA_VISIBLE_DEVICES
        handle = nvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
    except nvml.NVMLError:
        return None
    questions: dict[str, Callable[[], Any]] = {
        "sm_mhz": lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM),
        "memory_mhz": lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM),
        "celsius": lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
        "watts": lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000,
        "joules": lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000,
        "throttled_by": lambda: _held_back_by(nvml.nvmlDeviceGetCurrentClocksEventReasons(handle)),
        "other_processes": lambda: _others(nvml.nvmlDeviceGetComputeRunningProcesses(handle)),
    }
    return {name: _answer(question, nvml.NVMLError) for name, question in questions.items()}


def _answer(question: Callable[[], Any], refusal: type[Exception]) -> Any:
    """Return the answer; null where this GPU doesn't tell, as a MIG slice tells no power."""
    try:
        return question()
    except refusal:
        return None


def _held_back_by(reasons: int) -> list[str]:
    return [name for bit, name in THROTTLING.items() if reasons & bit]


def _others(processes: list[Any]) -> int:
    return sum(each.pid != os.getpid() for each in processes)
