"""Did the scores rank the starts?"""

from bench.answers.scores import Ranked, ranks
from bench.answers.summary import Summary
from bench.contracts.reports import Section, Table
from bench.reports.tables.formatting import shown

EXPLANATION = (
    "Kendall's tau between a score and the measured accuracy over backbones and initial weights: 1 is the same order, "
    "0 none, -1 the opposite."
)


def section(summary: Summary) -> Section:
    """How well the scores ordered what was then measured."""
    return Section(
        title="Did the scores rank the starts?",
        explanation=EXPLANATION,
        tables=shown("Kendall's tau", rank_table(summary)),
    )


def rank_table(summary: Summary) -> Table:
    """How well the scores ordered what was then measured."""
    found = summary.ask(ranks)
    names = list(dict.fromkeys(rank.score for rank in found))
    taus = {(rank.dataset, rank.budget, rank.method, rank.score): rank for rank in found}
    groups = {key[:3]: rank.starts for key, rank in taus.items()}
    cells = [[*key, str(starts), *(_tau(taus.get((*key, name))) for name in names)] for key, starts in groups.items()]
    return ["data set", "budget", "method", "starts", *names], cells


def _tau(rank: Ranked | None) -> str:
    return "-" if rank is None else f"{rank.tau:+.2f}"
