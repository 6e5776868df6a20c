"""Tables in LaTeX: what plain LaTeX sets, whatever stands in a cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.reports.tables.booktabs import escaped, tabular
from tests.material.latex import plain_latex


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("94.2 ± 1.3 (5)", r"94.2 $\pm$ 1.3 (5)"),
        ("a_b & 5 %", r"a\_b \& 5 \%"),
        ("\\input{x}", r"\textbackslash{}input\{x\}"),
        ("−3 × 2", r"$-$3 $\times$ 2"),
        ("two\nlines\tand", "two lines and"),
        ("é", "é"),
        ("日", r"\texttt{U+65E5}"),
        ("þ", r"\texttt{U+00FE}"),
    ],
)
def test_a_sign_is_set_as_it_is_or_named(text: str, told: str) -> None:
    """Plain LaTeX has no letter for some: those are named by their code."""
    assert escaped(text) == told


@given(st.text(st.sampled_from("aZ \\{}$&#%_^~<>|é±日-[]"), max_size=20))
def test_any_text_can_be_read_back(text: str) -> None:
    """By a reader that takes no sign for text which means something to LaTeX."""
    assert plain_latex(escaped(text)) == text


@given(st.text(max_size=20))
def test_no_text_leaves_its_line(text: str) -> None:
    assert all(" " <= sign <= "~" or sign.isalpha() for sign in escaped(text))


def test_stubs_stand_left_and_figures_right() -> None:
    assert tabular(["method", "weights", "n"], [["finetune", "none", "3"]], 2, "what it_is").splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\caption{what it\_is}",
        r"\begin{tabular}{llr}",
        r"\toprule",
        r"method & weights & n \\",
        r"\midrule",
        r"finetune & none & 3 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def test_a_bracket_at_the_start_of_a_line_is_no_option_of_the_line_before() -> None:
    """`\\\\` takes one in brackets."""
    assert r"{}[x] & 3 \\" in tabular(["a", "b"], [["[x]", "3"]], 1, "")
