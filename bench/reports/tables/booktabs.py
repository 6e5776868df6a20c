"""Tables in LaTeX with booktabs: what the report and tables of the user's choice share."""

from collections.abc import Iterable, Sequence

PACKAGES = r"% \usepackage{booktabs}"
"""What a document needs for these tables."""
_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "−": r"$-$",
    "–": "--",
    "—": "---",
    "\n": " ",
    "\r": " ",
    "\t": " ",
}


def escaped(text: str) -> str:
    """Return a text that LaTeX sets as it is; a sign that plain LaTeX has no letter for is named by its code."""
    return "".join(_SIGNS.get(sign) or _sign(sign) for sign in text)


def _sign(sign: str) -> str:
    if " " <= sign <= "~" or ("À" <= sign <= "ÿ" and sign not in "ÐÞð÷þ"):
        return sign
    return rf"\texttt{{U+{ord(sign):04X}}}"


def tabular(headers: Sequence[str], cells: Iterable[Sequence[str]], stubs: int, caption: str) -> str:
    """Return a table with its caption; the first `stubs` columns are labels, the others figures."""
    columns = "l" * stubs + "r" * (len(headers) - stubs)
    lines = [_line(headers), r"\midrule", *map(_line, cells)]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escaped(caption)}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )


def _line(cells: Sequence[str]) -> str:
    told = " & ".join(map(escaped, cells))
    return (rf"{{}}{told}" if told.startswith("[") else told) + r" \\"
