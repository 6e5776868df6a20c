"""The critical-difference diagram: average ranks over data sets, with bars over what can't be told apart."""

from pathlib import Path

from bench.answers.summary import Summary
from bench.reports.figures.figures import literal


def rank_diagram(summary: Summary, folder: Path) -> list[str]:
    """Return the picture as Markdown, or how to have it where the extra `stats` is missing; nothing without a test."""
    critical = summary.ranking[0].critical if summary.ranking else None
    if critical is None:
        return []
    try:
        from scikit_posthocs import critical_difference_diagram
    except ImportError:
        return ["- The critical-difference diagram takes the extra `stats`: `pip install -e '.[stats]'`."]
    import matplotlib
    import pandas as pd
    from matplotlib.figure import Figure

    ranks = {literal(setting): rank for setting, rank in critical.average_ranks.items()}
    groups = [[literal(setting) for setting in group] for group in critical.groups]
    together = {(one, other): 1.0 for group in groups for one in group for other in group}
    same = pd.DataFrame({one: {other: together.get((one, other), 0.0) for other in ranks} for one in ranks})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "critical_difference.svg"
    with matplotlib.rc_context({"svg.hashsalt": "transferbench", "svg.fonttype": "path", "font.size": 10}):
        figure = Figure(figsize=(9.0, 1.2 + 0.22 * len(ranks)), layout="constrained")
        critical_difference_diagram(ranks, same, ax=figure.subplots())
        figure.savefig(path, metadata={"Date": None})
    return [f"![Average ranks over data sets; bars join what can't be told apart]({path.name})"]
