"""Reads what reports write of LaTeX, strictly: a sign that means something and is not escaped is an error."""

import re


def latex_cells(text: str) -> list[list[list[str]]]:
    """Parse what the reports write of LaTeX, strictly: tables of equal lines, and nothing that is not known."""
    tables = []
    for body in re.findall(r"\\begin\{tabular\}(.*?)\\end\{tabular\}", text, re.DOTALL):
        columns, _, rest = body.partition("\n")
        count = len(re.fullmatch(r"\{([lr]+)\}", columns)[1])  # type: ignore[index]
        lines = [line for line in rest.strip().splitlines() if not re.fullmatch(r"\\(top|mid|bottom)rule", line)]
        assert all(line.endswith(r" \\") for line in lines)
        cells = [re.split(r"(?<!\\) & ", line.removesuffix(r" \\")) for line in lines]
        assert {len(line) for line in cells} == {count}
        tables.append([[plain_latex(cell) for cell in line] for line in cells])
    return tables


COMMANDS = {"textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<", "textgreater": ">"}


def plain_latex(text: str) -> str:
    """Return what LaTeX would set; a sign that means something to it and is not escaped is an error."""
    text = text.removeprefix("{}").replace(r"$\pm$", "±").replace(r"\textbar{}", "|")
    found = ""
    while text:
        command = re.match(r"\\([a-z]+)\{\}", text)
        escape = re.match(r"\\([{}$&#%_])", text)
        code = re.match(r"\\texttt\{U\+([0-9A-F]+)\}", text)
        part = command or escape or code
        if part is None:
            assert text[0] not in "\\{}$&#%_^~", text
            found, text = found + text[0], text[1:]
            continue
        found += COMMANDS[part[1]] if command else chr(int(part[1], 16)) if code else part[1]
        text = text[part.end() :]
    return found


HOSTILE = r"a\b{c}$d$&e#f%g_h^i~j<k>|l"
"""Every sign that means something to LaTeX."""
