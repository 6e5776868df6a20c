"""`--workers auto`: cells run side by side where a trial shows that they do more in all; it is made once."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import pytest

from bench.contracts.data import Places
from bench.outcomes import Outcome
from bench.running import packing
from bench.running.jobs import Job
from bench.running.packing import Packing, PackingRequest, images_per_s, pack
from tests.material import tiny

FOUR_CORES = PackingRequest("test_resnet", 32, 16, 4)
FAILED = Outcome(ended="oom", reason="no room")


class Told:
    """An executor whose jobs end as a test says, one after another."""

    name: ClassVar[str] = "told"

    def __init__(self, *outcomes: float | Outcome) -> None:
        self.outcomes = [each if isinstance(each, Outcome) else Outcome(each) for each in outcomes]
        self.workers = len(outcomes)
        self.jobs: list[Job] = []

    def run(self, jobs: Sequence[Job], progress: Callable[[int, str, int, int], None]) -> Iterator[tuple[int, Outcome]]:
        """Yield the outcomes."""
        self.jobs += jobs
        yield from enumerate(self.outcomes)

    def close(self) -> None:
        """Nothing runs."""


@pytest.mark.parametrize(
    ("alone", "beside", "workers"),
    [
        ((100.0,), (50.0, 50.0, 50.0, 50.0), 4),
        ((100.0,), (40.0, 30.0, 30.0, 15.0), 4),
        ((100.0,), (30.0, 30.0, 30.0, 24.0), 1),
        ((100.0,), (10.0, 10.0, 10.0, 10.0), 1),
        ((100.0,), (30.0, 30.0, FAILED, FAILED), 1),
        ((100.0,), (FAILED, FAILED, FAILED, FAILED), 1),
        ((FAILED,), (30.0, 30.0, 30.0, 30.0), 4),
        ((FAILED,), (FAILED, FAILED, FAILED, FAILED), 1),
    ],
    ids=[
        "more",
        "just enough",
        "hardly more",
        "less",
        "some fail",
        "all fail",
        "alone fails",
        "nothing can be trained",
    ],
)
def test_cells_run_side_by_side_where_they_do_enough_more(
    cold_places: Places, alone: tuple[float | Outcome], beside: tuple[float | Outcome], workers: int
) -> None:
    """By a seventh at least, since their throughput is not published."""
    assert pack(FOUR_CORES, cold_places, Told(*alone), Told(*beside)).workers == workers


def test_one_trains_on_all_threads_and_the_others_on_one_each(cold_places: Places) -> None:
    """As their cells would."""
    alone, beside = Told(100.0), Told(50.0, 50.0, 50.0, 50.0)
    found = pack(FOUR_CORES, cold_places, alone, beside)
    assert found == Packing(4, "4 cells of one thread train on 200 images/s in all, one cell on all cores 100")
    assert [job.argument for job in alone.jobs] == [FOUR_CORES]
    assert [job.argument for job in beside.jobs] == [PackingRequest("test_resnet", 32, 16, 1)] * 4


def test_trial_is_made_once_for_a_backbone_at_a_size(cold_places: Places) -> None:
    """The second answer is the kept one, whatever would be measured now; a larger image is another trial."""
    first = pack(FOUR_CORES, cold_places, Told(100.0), Told(50.0, 50.0, 50.0, 50.0))
    unused = Told(1.0), Told(9.0, 9.0, 9.0, 9.0)
    assert pack(FOUR_CORES, cold_places, *unused) == first
    assert not unused[0].jobs + unused[1].jobs
    larger = PackingRequest("test_resnet", 64, 16, 4)
    assert pack(larger, cold_places, Told(100.0), Told(1.0, 1.0, 1.0, 1.0)).workers == 1


def test_training_is_measured_without_its_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images of whole steps over the seconds that they took."""
    now = [0.0]

    def told(what: str, done: int, total: int) -> None:
        now[0] += 10.0 if done == 1 else 0.5

    monkeypatch.setattr(packing.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(packing, "SECONDS", 2.0)
    assert images_per_s(PackingRequest("test_resnet", 32, 16, 1), told) == 16 / 0.5


def test_training_for_the_trial_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a real backbone."""
    monkeypatch.setattr(packing, "SECONDS", 0.05)
    assert images_per_s(PackingRequest("test_resnet", 32, 4, 1), tiny.ignore) > 1
