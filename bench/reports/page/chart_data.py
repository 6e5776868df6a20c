"""What the charts of the page draw, taken from the summary as it is: the scripts place marks and compute nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bench.answers.against import against_frozen
from bench.answers.blocks import Block
from bench.answers.pareto import AXES, fronts
from bench.answers.recommend import best
from bench.answers.rows.phase_memory import BEFORE
from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.answers.verdicts import Verdict
from bench.reports.tables.formatting import KINDS, PARTS, percent, points, worded


@dataclass(frozen=True)
class Line:
    """Accuracy of one setting of one block, by labels."""

    block: str
    setting: str
    labels: tuple[int, ...]
    mean: tuple[float, ...]
    """In per cent, as are the ends of the interval."""
    low: tuple[float, ...]
    high: tuple[float, ...]
    told: tuple[str, ...]


@dataclass(frozen=True)
class Dot:
    """A row of the summary with its figures."""

    dataset: str
    block: str
    setting: str
    labels: int
    told: str
    figures: Mapping[str, float | None]
    """By axis; null where nothing was measured."""


@dataclass(frozen=True)
class FrontOf:
    """The members of a front, by their position among the dots."""

    dataset: str
    axes: tuple[str, ...]
    dots: tuple[int, ...]
    left_out: int


@dataclass(frozen=True)
class Slope:
    """A frozen row against its fine-tuned one."""

    start: str
    """The backbone with its weights."""
    labels: int
    frozen: float
    """In per cent."""
    tuned: float
    word: str
    told: str


@dataclass(frozen=True)
class Bars:
    """Parts that add up, for each of several bars."""

    unit: str
    names: tuple[str, ...]
    parts: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class ChartData:
    """Everything that the charts draw."""

    settings: tuple[str, ...]
    """Their position decides colour and marker, as in the pictures of the other reports."""
    blocks: tuple[str, ...]
    """Their position decides the dash of a line."""
    shown: tuple[str, ...]
    """Blocks that are shown at first."""
    lines: tuple[Line, ...]
    axes: Mapping[str, str]
    """Units by axis."""
    dots: tuple[Dot, ...]
    fronts: tuple[FrontOf, ...]
    slopes: tuple[Slope, ...]
    step: Bars
    kinds: Bars
    phases: Bars


LINES_AT_FIRST = 12
"""Of more lines only the blocks that hold the best of some budget are shown until the reader asks for others."""

Key = tuple[str, str, int]
"""What tells a row from all others of its summary."""


def chart_data(summary: Summary) -> ChartData:
    """Return what the charts draw."""
    names = {_key(row): (block.title, setting) for block in summary.blocks for (setting, _), row in block.rows.items()}
    lines = tuple(_line(block, setting) for block in summary.blocks for setting in block.settings)
    blocks = tuple(block.title for block in summary.blocks)
    return ChartData(
        settings=tuple(dict.fromkeys(line.setting for line in lines)),
        blocks=blocks,
        shown=blocks if len(lines) <= LINES_AT_FIRST else _best_blocks(summary, names),
        lines=lines,
        axes={axis.name: axis.unit for axis in AXES.values()},
        dots=tuple(_dot(row, *names[_key(row)]) for row in summary.rows),
        fronts=_fronts(summary),
        slopes=tuple(_slope(verdict) for verdict in summary.ask(against_frozen)),
        step=_bars(summary, "ms", lambda row: row.anatomy_ms, PARTS),
        kinds=_bars(summary, "MiB", lambda row: row.memory_mib_by_kind, KINDS),
        phases=_bars(summary, "MiB", lambda row: row.memory_mib_by_phase, _phases(summary)),
    )


def _key(row: Row) -> Key:
    return row.variant, row.budget, row.n_labels


def _best_blocks(summary: Summary, names: Mapping[Key, tuple[str, str]]) -> tuple[str, ...]:
    """Return the blocks that hold the best row of some budget."""
    rows = [answer.best for answer in summary.ask(best) if answer.best is not None]
    return tuple(dict.fromkeys(names[_key(row)][0] for row in rows))


def _fronts(summary: Summary) -> tuple[FrontOf, ...]:
    position = {_key(row): number for number, row in enumerate(summary.rows)}
    return tuple(
        FrontOf(front.dataset, front.axes, tuple(position[_key(row)] for row in front.rows), front.left_out)
        for front in summary.ask(fronts)
    )


def _line(block: Block, setting: str) -> Line:
    rows = block.by_setting[setting]
    return Line(
        block.title,
        setting,
        tuple(row.n_labels for row in rows),
        tuple(row.accuracy.mean * 100 for row in rows),
        tuple(max(0.0, row.accuracy.low * 100) for row in rows),
        tuple(min(100.0, row.accuracy.high * 100) for row in rows),
        tuple(percent(row.accuracy) for row in rows),
    )


def _dot(row: Row, block: str, setting: str) -> Dot:
    figures = {name: axis.of(row) for name, axis in AXES.items()}
    return Dot(row.dataset, block, setting, row.n_labels, percent(row.accuracy), figures)


def _slope(verdict: Verdict) -> Slope:
    frozen, tuned = verdict.second, verdict.first
    return Slope(
        f"{frozen.backbone} {frozen.weights}",
        frozen.n_labels,
        frozen.accuracy.mean * 100,
        tuned.accuracy.mean * 100,
        verdict.word,
        f"{percent(frozen.accuracy)} to {percent(tuned.accuracy)}: {points(verdict)} points, {worded(verdict)}",
    )


def _bars(summary: Summary, unit: str, of: Callable[[Row], Mapping[str, float] | None], parts: Iterable[str]) -> Bars:
    """Take each setting of each block at its largest budget that was measured."""
    found: dict[str, Mapping[str, float]] = {}
    for block in summary.blocks:
        for setting, rows in block.by_setting.items():
            measured = [figures for row in rows if (figures := of(row))]  # smallest budget first
            if measured:
                found[setting if len(summary.blocks) == 1 else f"{block.title}: {setting}"] = measured[-1]
    taken = found.values()
    return Bars(unit, tuple(found), {part: tuple(each.get(part, 0.0) for each in taken) for part in parts})


def _phases(summary: Summary) -> tuple[str, ...]:
    names = dict.fromkeys(phase for row in summary.rows for phase in row.memory_mib_by_phase or {})
    return tuple(sorted(names, key=lambda phase: phase != BEFORE))
