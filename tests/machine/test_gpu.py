"""What an NVIDIA driver tells of its GPU, and null for whatever it does not tell."""

import os
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from bench.machine import gpu, timing
from bench.machine.timing import Phases
from bench.probes.gpu import probe

POWER_CAP, HOT = 0x4, 0x20
IDLE = 0x1
"""A reason for low clocks that holds nothing back."""


class NVML(ModuleType):
    """A driver whose answers a test sets; a question without an answer is an error, as on a GPU that can't tell."""

    NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = "sm", "mem", "gpu"

    class NVMLError(Exception):
        """What the binding raises."""

    def __init__(self, **answers: Any) -> None:
        super().__init__("pynvml")
        self.answers = answers
        self.handles: list[str] = []

    def _tell(self, name: str) -> Any:
        if name not in self.answers:
            raise self.NVMLError("not supported")
        return self.answers[name]

    def nvmlInit(self) -> None:  # noqa: N802
        self._tell("driver")

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        self.handles.append(uuid)
        return "the handle"

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("nvmlDeviceGet"):
            raise AttributeError(name)
        asked = name.removeprefix("nvmlDeviceGet")
        return lambda handle, *which: self._tell("".join([asked, *which]))


WHOLE: dict[str, Any] = {
    "driver": True,
    "ClockInfosm": 1980,
    "ClockInfomem": 2619,
    "Temperaturegpu": 41,
    "PowerUsage": 412_500,
    "TotalEnergyConsumption": 7_000_250,
    "CurrentClocksEventReasons": IDLE | POWER_CAP | HOT,
    "ComputeRunningProcesses": [SimpleNamespace(pid=os.getpid()), SimpleNamespace(pid=1), SimpleNamespace(pid=2)],
}


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> NVML:
    """A driver that tells everything, and a CUDA device that it knows."""
    made = NVML(**WHOLE)
    monkeypatch.setitem(sys.modules, "pynvml", made)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid=f"id of {device}"))
    return made


def test_snapshot_has_clocks_heat_power_throttling_and_other_processes(driver: NVML) -> None:
    """In MHz, °C, W and J, of the device that torch uses, whatever its number for the driver."""
    assert gpu.snapshot("cuda:1") == {
        "sm_mhz": 1980,
        "memory_mhz": 2619,
        "celsius": 41,
        "watts": 412.5,
        "joules": 7000.25,
        "throttled_by": ["power cap", "thermal, software"],
        "other_processes": 2,
    }
    assert driver.handles == ["GPU-id of cuda:1"]


def test_gpu_that_nothing_holds_back_is_not_throttled(driver: NVML) -> None:
    """Idle clocks are no throttling; nobody else is there."""
    driver.answers |= {"CurrentClocksEventReasons": IDLE, "ComputeRunningProcesses": []}
    found = gpu.snapshot("cuda")
    assert found is not None
    assert (found["throttled_by"], found["other_processes"]) == ([], 0)


UNSUPPORTED = {
    "ClockInfosm": "sm_mhz",
    "ClockInfomem": "memory_mhz",
    "Temperaturegpu": "celsius",
    "PowerUsage": "watts",
    "TotalEnergyConsumption": "joules",
    "CurrentClocksEventReasons": "throttled_by",
    "ComputeRunningProcesses": "other_processes",
}


@pytest.mark.parametrize("question", UNSUPPORTED)
def test_what_a_gpu_does_not_tell_is_null_and_the_rest_is_told(driver: NVML, question: str) -> None:
    """A MIG slice tells no power, an older card no energy."""
    del driver.answers[question]
    found = gpu.snapshot("cuda")
    assert found is not None
    assert [name for name, value in found.items() if value is None] == [UNSUPPORTED[question]]


def test_driver_that_cannot_be_asked_gives_nothing(driver: NVML) -> None:
    """No error: a container may lack its library."""
    del driver.answers["driver"]
    assert gpu.snapshot("cuda") is None


def test_without_the_extra_there_is_no_snapshot(driver: NVML, monkeypatch: pytest.MonkeyPatch) -> None:
    """nvidia-ml-py is not asked for by default."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert gpu.snapshot("cuda") is None


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_other_devices_have_no_snapshot(driver: NVML, device: str) -> None:
    """The driver is not even asked."""
    assert gpu.snapshot(device) is None
    assert driver.handles == []


def test_phases_on_a_gpu_keep_its_state_before_and_after(driver: NVML, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each their own; on a CPU there is none."""
    monkeypatch.setattr(timing, "reset_cuda_peak", lambda device: None)
    monkeypatch.setattr(timing, "cuda_peak_mib", lambda device: (1.0, 2.0, 3.0))
    phases = Phases("cuda")
    with phases.phase("train"):
        driver.answers["Temperaturegpu"] = 67
    before, after = phases.gpu["train"]
    assert before is not None
    assert after is not None
    assert (before["celsius"], after["celsius"]) == (41, 67)
    on_cpu = Phases("cpu")
    with on_cpu.phase("train"):
        pass
    assert on_cpu.gpu == {}


def state(joules: float | None, others: int | None) -> dict[str, Any]:
    """A state of the GPU."""
    return {"joules": joules, "other_processes": others, "celsius": 50}


@pytest.mark.parametrize(
    ("before", "after", "joules", "others"),
    [
        (state(100.0, 0), state(350.0, 2), 250.0, 2),
        (state(100.0, 1), state(350.0, 0), 250.0, 1),
        (state(None, 0), state(350.0, 0), None, 0),
        (state(100.0, None), state(350.0, None), 250.0, None),
    ],
)
def test_record_has_the_energy_of_training_and_whether_others_were_there(
    before: dict[str, Any], after: dict[str, Any], joules: float | None, others: int | None
) -> None:
    """At the beginning or at the end; null where the driver doesn't tell."""
    run: Any = SimpleNamespace(phases=SimpleNamespace(gpu={"train": (before, after)}))
    assert probe(run) == {"gpu_state": {"before": before, "after": after, "joules": joules, "others": others}}


@pytest.mark.parametrize("known", [{}, {"train": (None, None)}, {"train": (state(1.0, 0), None)}])
def test_record_without_a_driver_has_no_state(known: dict[str, Any]) -> None:
    """On a CPU, without the extra, or where the driver went away in between."""
    run: Any = SimpleNamespace(phases=SimpleNamespace(gpu=known))
    assert probe(run) == {"gpu_state": None}
