"""How mistakes are told: one line each, of a readable length, and not without end. Pure."""

from collections.abc import Iterable

MOST_TOLD = 100
"""Mistakes that are told of one file; who has made more mends these first."""
LINE = 600
"""Characters of a line."""
QUOTED = 60
"""Characters of a value within it."""


def one_line(text: str, most: int = LINE) -> str:
    """Return a text as one line that any terminal takes, cut in its middle where it is longer than `most`."""
    if len(text) > most:
        text = f"{text[: most * 2 // 3]}...{text[-(most // 3) :]}"
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape", "backslashreplace").decode()


def quoted(value: object) -> str:
    """Return a value as Python writes it, cut where it is long, and then with its size."""
    if isinstance(value, str) and len(value) > QUOTED:
        return f"{value[:QUOTED]!r}... of {len(value):,} characters"
    if isinstance(value, list | dict) and len(value) > QUOTED:
        return f"a {'list' if isinstance(value, list) else 'mapping'} of {len(value):,}"
    written = repr(value)
    return written if len(written) <= 2 * QUOTED else f"{written[: 2 * QUOTED]}..."


def shortened(message: str, name: str) -> str:
    """Return a message in which a long name is cut."""
    return message if len(name) <= QUOTED else message.replace(name, f"{name[:QUOTED]}...")


def told(problems: Iterable[str]) -> list[str]:
    """Return the first mistakes, each in one line, and that there are more where there are; no mistake twice."""
    found: dict[str, None] = {}
    for problem in problems:
        if len(found) == MOST_TOLD and problem not in found:
            return [*found, f"more than {MOST_TOLD} mistakes: mend these first"]
        found[one_line(problem)] = None
    return list(found)
