"""Names that can be printed, and names that are one."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.names import join_spellings, listed, printable, shown, trimmed
from bench.errors import InvalidData


@given(st.lists(st.binary(min_size=1, max_size=6), min_size=2, max_size=6, unique=True))
def test_any_name_of_a_file_can_be_printed_and_none_becomes_another(names: list[bytes]) -> None:
    shown_names = [printable(os.fsdecode(name)) for name in names]
    for name in shown_names:
        name.encode()
        assert "\n" not in name
    assert len(set(shown_names)) == len(names)


@pytest.mark.parametrize("name", ["cat", "käse", "big cat", "鸟", r"a\b", "\u00a0"])
def test_a_name_that_can_be_printed_stays_as_it_is(name: str) -> None:
    assert printable(name) == name


def test_bytes_that_are_no_utf8_and_control_characters_are_escaped() -> None:
    """A backslash only where it could be taken for an escape."""
    assert printable(os.fsdecode(b"\xc4\xf1")) == r"\xc4\xf1"
    assert printable("two\nlines") == r"two\x0alines"
    assert printable(r"\xc4") == r"\\xc4"
    assert shown(Path(os.fsdecode(b"a/\xff.png"))) == r"a/\xff.png"


@pytest.mark.parametrize("text", [" red", "red \t", "\u00a0red\u3000", "\ufeffred", "red\u200b", "red"])
def test_blanks_around_a_text_are_taken_off(text: str) -> None:
    """Those that nobody sees included; those inside stay."""
    assert trimmed(text) == "red"
    assert trimmed(f"{text} {text}").startswith("red")
    assert " " in trimmed(f"{text} {text}")


def test_of_many_names_the_first_are_shown() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcde")) == "a, b, c and 2 more"


def test_names_that_differ_by_blanks_or_accents_alone_are_one_and_it_is_said() -> None:
    composed, apart = "caf\u00e9", "cafe\u0301"
    joined = join_spellings("here", "labels", ["red", "red ", composed, apart])
    assert joined.names == {"red": "red", "red ": "red", composed: composed, apart: composed}
    (note,) = joined.notes
    assert note.startswith("labels that differ by blanks or by the encoding of accents alone: ")
    assert "'red', 'red ' as 'red'" in note


def test_a_lone_spelling_keeps_its_accents_as_they_are_encoded() -> None:
    """And so its place in the order of the classes."""
    apart = "cafe\u0301"
    assert join_spellings("here", "labels", [apart, "red "]).names == {apart: apart, "red ": "red"}


@pytest.mark.parametrize(("names", "said"), [(["Red", "red"], "'Red' and 'red'"), (["straße", "STRASSE"], "differ by")])
def test_names_that_differ_by_case_alone_are_refused(names: list[str], said: str) -> None:
    with pytest.raises(InvalidData, match=f"here: class folders .*{said}"):
        join_spellings("here", "class folders", names)


def test_single_letters_may_differ_by_case_and_it_is_said() -> None:
    """They are the classes of many a data set of characters."""
    joined = join_spellings("here", "labels", ["A", "a", "b"])
    assert set(joined.names.values()) == {"A", "a", "b"}
    assert joined.notes == ("labels that differ by case alone are kept apart: 'A' and 'a'",)


def test_groups_may_differ_by_case_and_it_is_said() -> None:
    joined = join_spellings("here", "groups", ["P10", "p10"], case_apart=True)
    assert joined.names == {"P10": "P10", "p10": "p10"}
    assert joined.notes == ("groups that differ by case alone are kept apart: 'P10' and 'p10'",)


def test_a_blank_name_is_refused() -> None:
    with pytest.raises(InvalidData, match="here: class folders '  ' has a blank name"):
        join_spellings("here", "class folders", ["  ", "red"])


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=4), max_size=6))
def test_no_two_spellings_of_a_name_become_two_classes(names: list[str]) -> None:
    """Whatever they are: they are joined, kept apart with a note, or refused."""
    try:
        joined = join_spellings("here", "labels", names)
    except InvalidData:
        return
    chosen = list(joined.names.values())
    assert len({trimmed(name) for name in chosen}) == len(set(chosen))
    folded = {name.casefold() for name in chosen}
    assert len(folded) == len(set(chosen)) or "differ by case" in joined.notes[-1]
