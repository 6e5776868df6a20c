"""From the words of a command to cells: what the machine decides is measured once, and told in a line."""

from pathlib import Path
from typing import Any

import pytest

from bench.contracts.data import Places
from bench.errors import BenchError
from bench.machine import devices
from bench.running import precision, settling
from bench.running.jobs import Executor
from bench.running.packing import Packing, PackingRequest
from bench.running.precision import Settled, TrialRequest
from tests.material import tiny
from tests.material.plans import CORES, plan


@pytest.fixture
def trials(here: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Backbone and size of the trials of precision that were made; bfloat16 pays from 64 px on."""
    made: list[tuple[str, int]] = []

    def trial(request: TrialRequest, progress: Any) -> Settled:
        made.append((request.backbone, request.image_size))
        return Settled("bf16" if request.image_size >= 64 else "fp32", f"measured at {request.image_size} px")

    monkeypatch.setattr(precision, "_trial", trial)
    return made


WITHOUT_THREADS = tiny.SUITE.replace("threads: 1\n", "")
AUTO = "grid.precision=[auto]"


def test_auto_is_measured_once_per_backbone_and_kept_for_the_next_command(
    here: Path, trials: list[tuple[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    """With a word on what takes so long, and none where the answer is there."""
    both = "grid.backbone=[test_resnet, test_vit]"
    first = plan(here, AUTO, both)
    assert trials == [("test_resnet", 32), ("test_vit", 32)]
    assert "test_vit: does bfloat16 pay on this machine? (measured once)" in capsys.readouterr().err
    assert plan(here, AUTO, both).cells == first.cells
    assert len(trials) == 2
    assert capsys.readouterr().err == ""
    assert {cell.precision_reason for cell in first.cells} == {"measured at 32 px"}


def test_auto_at_another_size_is_another_trial(here: Path, trials: list[tuple[str, int]]) -> None:
    """Which may come out otherwise."""
    small, large = plan(here, AUTO), plan(here, AUTO, "image_size=64")
    assert trials == [("test_resnet", 32), ("test_resnet", 64)]
    assert [{cell.precision for cell in planned.cells} for planned in (small, large)] == [{"fp32"}, {"bf16"}]


def test_suite_that_asks_for_what_auto_found_has_the_same_cells(here: Path, trials: list[tuple[str, int]]) -> None:
    """What one has run, the other need not; and nothing is measured for what was asked for."""
    asked = plan(here, "grid.precision=[fp32]")
    assert trials == []
    auto = plan(here, AUTO, text=tiny.SUITE.replace("name: tiny", "name: other"))
    assert [cell.cell_id for cell in auto.cells] == [cell.cell_id for cell in asked.cells]


def test_auto_beside_what_it_stands_for_gives_each_cell_once(here: Path, trials: list[tuple[str, int]]) -> None:
    """The grid names them twice."""
    assert len(plan(here, "grid.precision=[auto, fp32]").cells) == 6
    assert len(plan(here, "grid.precision=[auto, bf16]").cells) == 12


def test_trial_that_cannot_be_made_is_one_line_with_a_remedy(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, no cells."""

    def fail(request: TrialRequest, progress: Any) -> Settled:
        raise RuntimeError("no kernel\nand a second line")

    monkeypatch.setattr(precision, "_trial", fail)
    with pytest.raises(BenchError) as refused:
        plan(here, AUTO)
    assert str(refused.value) == "precision auto of test_resnet: RuntimeError: no kernel; write precision: [fp32]"


@pytest.mark.parametrize(
    ("text", "workers", "threads"),
    [(WITHOUT_THREADS, 1, 6), (WITHOUT_THREADS, 2, 3), (WITHOUT_THREADS, 9, 1), (tiny.SUITE, 2, 1)],
)
def test_threads_are_the_suites_or_the_workers_share_of_the_cores(
    here: Path, text: str, workers: int, threads: int
) -> None:
    """One at least; a trial of precision has as many."""
    planned = plan(here, text=text, workers=workers)
    assert (planned.workers, {cell.threads for cell in planned.cells}) == (workers, {threads})


@pytest.fixture
def packed(here: Path, monkeypatch: pytest.MonkeyPatch) -> list[PackingRequest]:
    """What was asked about cells side by side; all cores are the answer."""
    asked: list[PackingRequest] = []

    def pack(request: PackingRequest, places: Places, alone: Executor, beside: Executor) -> Packing:
        asked.append(request)
        return Packing(request.threads, "they do more")

    monkeypatch.setattr(settling, "pack", pack)
    return asked


def test_without_a_number_of_workers_a_trial_decides(
    here: Path, packed: list[PackingRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the first backbone, at the suite's image and batch size, on all cores; the answer is told."""
    planned = plan(here, text=WITHOUT_THREADS, workers=None)
    assert packed == [PackingRequest("test_resnet", 32, 16, CORES)]
    assert (planned.workers, planned.cells[0].threads) == (CORES, 1)
    assert f"--workers {CORES}: they do more (test_resnet)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "device", "cores", "workers"),
    [
        (tiny.SUITE, "cpu", 6, 6),
        (tiny.SUITE.replace("threads: 1", "threads: 4"), "cpu", 6, 1),
        (WITHOUT_THREADS, "cpu", 1, 1),
        (WITHOUT_THREADS, "cuda", 6, 1),
    ],
    ids=["threads of one", "threads of four", "one core", "a GPU"],
)
def test_no_trial_where_there_is_nothing_to_choose(
    here: Path,
    packed: list[PackingRequest],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    device: str,
    cores: int,
    workers: int,
) -> None:
    """A suite that gives its threads fills the cores with cells; one core or one GPU has one cell."""
    monkeypatch.setattr(devices, "cores", lambda: cores)
    assert plan(here, text=text, workers=None, device=device).workers == workers
    assert packed == []


def test_cells_of_frozen_features_fill_the_cores_without_a_trial(
    here: Path, packed: list[PackingRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    """They work on one thread each, whatever the backbone; one method that trains makes it a question again."""
    frozen = WITHOUT_THREADS.replace("scratch, linear_probe, finetune", "linear_probe, knn").replace(
        "[2, 6]", "[2, 4, 6]"
    )
    planned = plan(here, text=frozen, workers=None)
    assert ({cell.method.name for cell in planned.cells}, planned.workers) == ({"linear_probe", "knn"}, CORES)
    assert packed == []
    assert f"--workers {CORES}: cells of frozen features" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("methods", "budgets", "workers", "threads"),
    [("linear_probe", "2", 1, 6), ("linear_probe", "2, 6", 2, 3), ("finetune", "2", 1, 6), ("finetune", "2, 6", 2, 3)],
)
def test_few_cells_share_all_cores(
    here: Path, packed: list[PackingRequest], methods: str, budgets: str, workers: int, threads: int
) -> None:
    """Rather than one core each, and the others idle."""
    text = WITHOUT_THREADS.replace("scratch, linear_probe, finetune", methods).replace("[2, 6]", f"[{budgets}]")
    planned = plan(here, text=text, workers=None)
    assert (planned.workers, {cell.threads for cell in planned.cells}) == (workers, {threads})
    assert len(packed) == (workers > 1 and methods == "finetune")


def test_one_cell_of_given_threads_runs_alone(here: Path, packed: list[PackingRequest]) -> None:
    """So that its throughput is published, whatever cores are left."""
    text = tiny.SUITE.replace("scratch, linear_probe, finetune", "finetune").replace("[2, 6]", "[2]")
    assert plan(here, text=text, workers=None).workers == 1
    assert packed == []
