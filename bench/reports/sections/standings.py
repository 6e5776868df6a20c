"""What does it cost to make always the same choice?"""

from bench.answers.standings import ranking
from bench.answers.summary import Summary
from bench.contracts.reports import Picture, Section, Table
from bench.reports.figures.rank_diagram import lacking, rank_diagram
from bench.reports.tables.formatting import shown
from bench.statistics.ranking import FEWEST_DATA_SETS, Ranking

EXPLANATION = (
    "Over the tables and label budgets that all of these settings share. *Regret*: what always choosing it loses to "
    "the best of each, in points."
)


def section(summary: Summary) -> Section:
    """Average rank and regret of each setting, and which of them the data sets tell apart."""
    return Section(
        title="Always the same choice",
        explanation=EXPLANATION,
        tables=shown("Ranks and regret", standings_table(summary)),
        lines=tuple(standings_lines(summary)),
        picture=Picture(
            "Average ranks over data sets; bars join what can't be told apart",
            lambda folder: rank_diagram(summary, folder),
            lacking(summary),
        ),
    )


def standings_table(summary: Summary) -> Table:
    """Average rank and regret of each setting, best rank first."""
    headers = ["method (initial weights)", "average rank", "regret, points", "worst regret, points", "there"]
    found = next(iter(summary.ask(ranking)), None)
    cells = [
        [
            each.setting,
            f"{each.average_rank:.2f}",
            f"{each.regret * 100:.1f}",
            f"{each.worst_regret * 100:.1f}",
            _differing(each.worst_task, found),
        ]
        for each in (found.standings if found else ())
    ]
    return headers, cells


def _differing(task: tuple[str, ...], found: Ranking | None) -> str:
    """Name a task by the parts in which tasks differ."""
    tasks = found.tasks if found else ()
    return ", ".join(part for place, part in enumerate(task) if len({each[place] for each in tasks}) > 1)


def standings_lines(summary: Summary) -> list[str]:
    """Say over how much was ranked, what was left out, and which settings the data sets tell apart."""
    found = next(iter(summary.ask(ranking)), None)
    if found is None:
        return []
    lines = [f"{len(found.standings)} settings over {len(found.tasks)} tasks."]
    if found.left_out:
        lines.append(f"Left out, as not every table has them: {', '.join(found.left_out)}.")
    datasets = len({task[0] for task in found.tasks})
    if found.critical is None:
        if datasets < FEWEST_DATA_SETS:
            count = "1 data set" if datasets == 1 else f"{datasets} data sets"
            lines.append(f"No test over data sets: {count}, it takes {FEWEST_DATA_SETS}.")
        return lines
    critical = found.critical
    told = "< 0.001" if critical.p < 0.001 else f"= {critical.p:.3f}"
    lines.append(
        f"Over {critical.datasets} data sets (the tasks of each averaged): Friedman's test p {told}; average ranks "
        f"less than {critical.distance:.2f} apart can't be told apart (Nemenyi, 5 %)."
    )
    return lines
