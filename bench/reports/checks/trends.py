"""How rows moved over the baselines: for a terminal and as JSON."""

import dataclasses
import itertools
import json
from collections.abc import Sequence

from bench.gate.change_points import FEWEST
from bench.gate.history import History, LeftOut, Series
from bench.gate.samples import label, shared_parts
from bench.reports.checks.figures import figure

BARS = "▁▂▃▄▅▆▇█"
TEN = 10
"""With fewer points no change can be told from chance."""
ADVICE = (
    "Advice, not a gate: stored figures drift with the machine. A change point is a split that one in a hundred "
    "shuffled series reaches, at least 3 baselines on either side, and more than 10 % of the median."
)


def render_console(history: History) -> str:
    """Return a line per row, its change points beneath it, and what was left out."""
    if not history.series:
        none = "no baseline yet" if not history.baselines else f"no baseline has {history.quantity.name}"
        return f"{none}; save some with bench baseline save NAME RUN"
    shared = shared_parts(series.row for series in history.series)
    head = f"{history.quantity.name} over {len(history.baselines)} baselines, oldest first"
    names = [label(series.row, shared) for series in history.series]
    width = max(map(len, names))
    told = [_lines(history, series, f"{name:{width}}") for series, name in zip(history.series, names, strict=True)]
    parts = [
        head + (f"; all rows: {label(shared)}" if shared else ""),
        "\n".join(itertools.chain.from_iterable(told)),
        "\n".join(map(_left_out, history.left_out)),
        ADVICE,
        _few(history.series),
    ]
    return "\n\n".join(filter(None, parts))


def _left_out(each: LeftOut) -> str:
    why = "; ".join(mismatch.text for mismatch in each.mismatches) or "no seed in common with the last"
    return f"left out: {each.baseline}: {why}"


def _few(series: Sequence[Series]) -> str:
    """Return a note where no row has enough points; else nothing."""
    enough = any(len(each.points) >= TEN for each in series)
    return "" if enough else f"Fewer than {TEN} baselines: no change point can be found yet."


def _lines(history: History, series: Series, name: str) -> list[str]:
    """Return a row's line, and beneath it one for each of its change points."""
    values = [point.value for point in series.points]
    if not values:
        return [f"{name}  no seed that all its baselines have"]
    ends = f"{figure(values[0], history.quantity)} -> {figure(values[-1], history.quantity)}"
    marks = [
        f"{' ' * len(name)}  {series.points[shift.at].baseline}: {shift.share * 100:+.0f} % from here on "
        f"({_way(history, shift.share)}, p = {shift.p:.3f})"
        for shift in series.shifts
    ]
    return [f"{name}  {_bars(values)}  {ends}", *marks]


def _way(history: History, share: float) -> str:
    if history.quantity.kind == "count":  # more of what anybody may count is neither
        return "more" if share > 0 else "less"
    return "better" if (share > 0) == history.quantity.higher_is_better else "worse"


def _bars(values: list[float]) -> str:
    """Return a bar for each value, from the lowest to the highest."""
    low, span = min(values), max(values) - min(values)
    return "".join(BARS[round((value - low) / span * (len(BARS) - 1)) if span else 0] for value in values)


def render_json(history: History) -> str:
    """Return all of it as one JSON document."""
    document = {
        "metric": history.quantity.name,
        "unit": history.quantity.unit,
        "baselines": list(history.baselines),
        "fewest_on_either_side": FEWEST,
        "series": [
            {
                "row": dict(series.row),
                "seeds": list(series.seeds),
                "points": [dataclasses.asdict(point) for point in series.points],
                "change_points": [
                    {"baseline": series.points[shift.at].baseline, "share": shift.share, "p": shift.p}
                    for shift in series.shifts
                ],
            }
            for series in history.series
        ],
        "left_out": [dataclasses.asdict(each) for each in history.left_out],
    }
    return json.dumps(document, indent=1)
