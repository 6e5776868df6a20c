"""The critical-difference diagram: average ranks over data sets, with bars over what can't be told apart."""

import importlib.util
from pathlib import Path

from bench.answers.standings import ranking
from bench.answers.summary import Summary
from bench.reports.figures.drawing import drawn, literal
from bench.statistics.ranking import CriticalDifference

LIBRARY = "scikit_posthocs"


def rank_diagram(summary: Summary, folder: Path) -> Path | None:
    """Return the picture's path; null where nothing was tested, or the extra `stats` is missing."""
    critical = _critical(summary)
    if critical is None or lacking(summary):
        return None
    # both take seconds to import, and few reports rank over five data sets
    import pandas as pd
    from scikit_posthocs import critical_difference_diagram

    ranks = {literal(setting): rank for setting, rank in critical.average_ranks.items()}
    same = pd.DataFrame(_told_together(critical))
    path = folder / "critical_difference.svg"
    with drawn(path, 9.0, 1.2 + 0.22 * len(ranks)) as figure:
        critical_difference_diagram(ranks, same, ax=figure.subplots())
    return path


def _told_together(critical: CriticalDifference) -> dict[str, dict[str, float]]:
    """Return 1 for each two settings that stand in one group, 0 for others: what the library takes for p-values."""
    groups = [{literal(setting) for setting in group} for group in critical.groups]
    names = [literal(setting) for setting in critical.average_ranks]
    return {one: {other: float(any({one, other} <= group for group in groups)) for other in names} for one in names}


def lacking(summary: Summary) -> str:
    """Say how to have the picture where a test is there but the extra `stats` is not."""
    if _critical(summary) is None or importlib.util.find_spec(LIBRARY) is not None:
        return ""
    return "The critical-difference diagram takes the extra `stats`: `pip install -e '.[stats]'`."


def _critical(summary: Summary) -> CriticalDifference | None:
    return next((found.critical for found in summary.ask(ranking)), None)
