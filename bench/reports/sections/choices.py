"""How many choices did each method have, and what hung on them?"""

from collections.abc import Callable

from bench.answers.choices import Choices, Spread, choices
from bench.answers.summary import Summary
from bench.contracts.reports import Section, Table
from bench.reports.tables.formatting import heading, percent, shown

EXPLANATION = (
    "Who may choose among more looks better on the images that choose. *Trials* are settings that tuning tried, *own "
    "values* those of a setting that the method tries by itself, *checkpoints* states of the network in its training. "
    "Validation chose among them; *none*: nothing validated (too few labels, or nothing to choose). *Best* and *worst* "
    "are what these came to. Those on test are of all models that were kept, told afterwards: nothing is chosen or "
    "ranked by them."
)
NOTHING = "-"


def section(summary: Summary) -> Section:
    """For each row the number of its choices, and their best and worst."""
    return Section(
        title="How many choices?",
        explanation=EXPLANATION,
        tables=shown("Choices, their best and their worst", choices_table(summary)),
    )


def choices_table(summary: Summary) -> Table:
    """The choices of each row; a column stands here where any row has something in it."""
    found = {id(each.row): each for each in summary.ask(choices)}
    lines = [found[id(row)] for block in summary.blocks for row in block.ordered]
    columns = {name: [tell(each) for each in lines] for name, tell in COLUMNS.items()}
    told = {name: texts for name, texts in columns.items() if name in ALWAYS or set(texts) - {NOTHING}}
    stubs = [[each.row.backbone, each.row.setting, heading((each.row.budget, each.row.n_labels))] for each in lines]
    cells = [[*stub, *(texts[place] for texts in told.values())] for place, stub in enumerate(stubs)]
    return ["backbone", "method (initial weights)", "labels", *told], cells


def _own(each: Choices) -> str:
    return ", ".join(f"{name}: {count}" for name, count in each.values.items()) or NOTHING


def _checkpoints(each: Choices) -> str:
    if each.row.val_accuracy is None:
        return "none"
    return NOTHING if not each.checkpoints else str(each.checkpoints)


def _of(part: str, end: str) -> Callable[[Choices], str]:
    def tell(each: Choices) -> str:
        spread: Spread | None = getattr(each, part)
        return NOTHING if spread is None else percent(getattr(spread, end))

    return tell


COLUMNS: dict[str, Callable[[Choices], str]] = {
    "trials": lambda each: str(each.trials) if each.trials else NOTHING,
    "own values": _own,
    "checkpoints": _checkpoints,
    "best trial on validation, %": _of("trials_on_validation", "best"),
    "worst trial, %": _of("trials_on_validation", "worst"),
    "best value or checkpoint on validation, %": _of("own_on_validation", "best"),
    "worst value or checkpoint, %": _of("own_on_validation", "worst"),
    "reported on test, %": lambda each: percent(each.row.accuracy),
    "best on test, %": _of("candidates_on_test", "best"),
    "worst on test, %": _of("candidates_on_test", "worst"),
}
"""By header: what a row has of it, or a dash."""
ALWAYS = ("trials", "own values", "checkpoints", "reported on test, %")
