"""Timers count each step once, and phases keep their time and memory apart."""

import time

import numpy as np
import pytest
import torch

from bench.machine import timing
from bench.machine.timing import Phases, StepTimer, peak_rss_mib, reset_peak_rss, rss_mib, synchronised_clock


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Clocks of wall and processor time that a test sets."""
    now = {"wall": 0.0, "cpu": 0.0}
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now["wall"])
    monkeypatch.setattr(timing.time, "process_time", lambda: now["cpu"])
    return now


def test_timer_has_one_value_per_step(clocks: dict[str, float]) -> None:
    """Wall and CPU; what lies between steps is not counted."""
    timer = StepTimer("cpu")
    for step in range(3):
        timer.start()
        clocks["wall"] += 2.0 + step
        clocks["cpu"] += 1.0
        timer.stop()
        clocks["wall"] += 100.0
        clocks["cpu"] += 100.0
    assert timer.wall_s() == [2.0, 3.0, 4.0]
    assert timer.cpu_s == [1.0, 1.0, 1.0]


def test_stop_without_start_is_an_error() -> None:
    """A harness that forgets one would give nonsense."""
    timer = StepTimer("cpu")
    with pytest.raises(AssertionError):
        timer.stop()
    timer.start()
    timer.stop()
    with pytest.raises(AssertionError):
        timer.stop()


def test_phases_are_timed_apart(clocks: dict[str, float]) -> None:
    """Wall and CPU seconds by name; what lies between is nobody's."""
    phases = Phases("cpu")
    for name, wall, cpu in (("data", 3.0, 1.0), ("train", 5.0, 4.0)):
        with phases.phase(name):
            clocks["wall"] += wall
            clocks["cpu"] += cpu
        clocks["wall"] += 100.0
    assert phases.wall_s == {"data": 3.0, "train": 5.0}
    assert phases.cpu_s == {"data": 1.0, "train": 4.0}


def test_memory_peak_belongs_to_its_phase() -> None:
    """A peak of 200 MiB that is gone again shows in its own phase and not in the next."""
    if not reset_peak_rss():
        pytest.skip("this kernel can't reset the high-water mark")
    phases = Phases("cpu")
    with phases.phase("before"):
        pass
    with phases.phase("large"):
        block = np.ones(200 * 2**20, np.uint8)
        del block
    with phases.phase("after"):
        pass
    assert phases.exact
    assert phases.rss_mib["large"] > phases.rss_mib["before"] + 150
    assert phases.rss_mib["after"] < phases.rss_mib["large"] - 150


def test_synchronised_clock_is_the_clock_where_no_device_is_at_work() -> None:
    """Seconds that go forward, by pytest-benchmark's own scale."""
    before = time.perf_counter()
    assert before <= synchronised_clock() <= synchronised_clock() <= time.perf_counter()


def test_synchronised_clock_waits_for_the_device_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would time how fast work is handed over."""
    order: list[str] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: order.append("waited"))
    monkeypatch.setattr(timing.time, "perf_counter", lambda: order.append("read") or 1.0)
    assert synchronised_clock() == 1.0
    assert order == ["waited", "read"]


def test_peak_is_never_below_what_is_resident() -> None:
    """In MiB, both."""
    resident = rss_mib()
    assert peak_rss_mib() > 0.9 * resident > 1
