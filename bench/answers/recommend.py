"""One answer for a number of labels and a machine: the best row that fits, its evidence, and the runner-up. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.answers.verdicts import Verdict, Verdicts, verdicts
from bench.errors import BenchError
from bench.registry import unknown


@dataclass(frozen=True)
class Wanted:
    """What the user has and needs."""

    labels: int
    min_throughput: float | None = None
    """Images per second, of training or of the extraction of features."""
    max_memory_mib: float | None = None
    """Peak of the process, or of the GPU's memory where that was the device."""
    max_latency_ms: float | None = None
    """Of one image."""
    device: str | None = None
    dataset: str | None = None


@dataclass(frozen=True)
class Answer:
    """The best row at the largest measured budget that the labels pay for."""

    wanted: Wanted
    labels: int
    """The budget that was read off; below what was asked for where that was not measured."""
    best: Row | None
    """Null where no row fits."""
    others: tuple[Verdict, ...]
    """The other rows that fit against the best, by mean."""
    nearest: Row | None
    """Where none fits: the one that breaks the fewest limits, of these the most accurate."""
    broken: tuple[str, ...]
    """Which limits that one breaks."""

    @property
    def ties(self) -> tuple[Verdict, ...]:
        """Rows that the data can't call worse than the best."""
        return tuple(verdict for verdict in self.others if verdict.word != "worse")


def recommend(rows: Sequence[Row], wanted: Wanted, asking: Verdicts) -> Answer:
    """Answer; raise `BenchError` where there is no row, or not of what is asked."""
    mine = [row for row in rows if wanted.dataset in (None, row.dataset)]
    datasets = sorted({row.dataset for row in mine})
    if not mine:
        raise BenchError(_nothing(rows, wanted))
    if len(datasets) > 1:
        raise BenchError(f"several data sets: {', '.join(datasets)}; choose one with --dataset")
    labels, there = _at_budget([row for row in mine if _is_on(row, wanted.device)] or mine, wanted.labels)
    fitting = [row for row in there if not limits_broken(row, wanted)]
    if not fitting:
        nearest = min(there, key=lambda row: len(limits_broken(row, wanted)))
        return Answer(wanted, labels, None, (), nearest, limits_broken(nearest, wanted))
    best, *rest = fitting
    return Answer(wanted, labels, best, tuple(asking.of(row, best) for row in rest), None, ())


def _at_budget(rows: Sequence[Row], asked: int) -> tuple[int, list[Row]]:
    """Return the largest budget that the labels pay for, else the smallest, with its rows, most accurate first."""
    budgets = {row.n_labels for row in rows}
    labels = max((count for count in budgets if count <= asked), default=min(budgets))
    there = [row for row in rows if row.n_labels == labels]
    return labels, sorted(there, key=lambda row: -row.accuracy.mean)


def _nothing(rows: Sequence[Row], wanted: Wanted) -> str:
    """Say why no row is of what is asked, and what there is."""
    if not rows:
        return "no cell has a number yet; `bench report` names the reasons"
    there = sorted({row.dataset for row in rows})
    return f"--dataset: {unknown('data set', str(wanted.dataset), there)}"


def _is_on(row: Row, device: str | None) -> bool:
    return device is None or row.device.startswith(device)


def best(summary: Summary) -> tuple[Answer, ...]:
    """Return for each data set and number of labels the best row of all, and what the data can't tell from it."""
    return best_by_budget(summary.rows, summary.ask(verdicts))


def best_by_budget(rows: Sequence[Row], asking: Verdicts) -> tuple[Answer, ...]:
    """Answer for each data set and each number of labels that was measured, without limits, fewest labels first."""
    asked: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        asked.setdefault((row.dataset, row.n_labels), []).append(row)
    return tuple(
        recommend(mine, Wanted(labels, dataset=dataset), asking) for (dataset, labels), mine in sorted(asked.items())
    )


def limits_broken(row: Row, wanted: Wanted) -> tuple[str, ...]:
    """Say which limits a row breaks; what was not measured meets no limit."""
    throughput = row.throughput.mean if row.throughput else None
    found = [
        f"it takes {row.n_labels:,} labels" if row.n_labels > wanted.labels else "",
        "" if _is_on(row, wanted.device) else f"it was measured on {row.device}, nothing on {wanted.device}",
        _broken(wanted.min_throughput, throughput, "images/s", at_least=True),
        _broken(wanted.max_memory_mib, row.memory_mib, "MiB"),
        _broken(wanted.max_latency_ms, row.latency_1_ms, "ms for an image"),
    ]
    return tuple(filter(None, found))


def _broken(limit: float | None, measured: float | None, unit: str, at_least: bool = False) -> str:
    """Say how a limit is broken; nothing where it is kept, or nobody set one."""
    if limit is None:
        return ""
    if measured is None:
        return f"its {unit} was not measured"
    if (measured < limit) if at_least else (measured > limit):
        return f"{measured:,.0f} {unit}, {'below' if at_least else 'above'} {limit:,.0f}"
    return ""
