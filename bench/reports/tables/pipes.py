"""Tables in Markdown."""

from collections.abc import Sequence


def pipe_table(headers: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Return a table with its columns padded; bars, tags and line ends in a cell are no markup."""
    lines = [[_escaped(cell) for cell in line] for line in (headers, *cells)]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    told = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    rule = "|" + "|".join(":" + "-" * (width + 1) for width in widths) + "|"
    return "\n".join([told[0], rule, *told[1:]])


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
