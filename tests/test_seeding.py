"""Seeds that hang on names and on nothing else."""

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.seeding import derive

NAMES = st.lists(st.text(alphabet=st.characters(exclude_characters="\x1f", codec="utf-8"), min_size=1), min_size=1)


@settings(deadline=None, max_examples=100)
@given(NAMES)
def test_a_seed_fits_every_generator(names: list[str]) -> None:
    assert 0 <= derive(*names) < 2**63
    assert derive(*names) == derive(*names)


@settings(deadline=None, max_examples=100)
@given(NAMES, NAMES)
def test_other_names_give_other_seeds(one: list[str], other: list[str]) -> None:
    assert (derive(*one) == derive(*other)) == (one == other)


def test_names_are_told_apart_where_one_ends() -> None:
    assert derive("ab", "c") != derive("a", "bc")


def test_another_process_derives_the_same_seed() -> None:
    code = "from bench.seeding import derive; print(derive('subset', 'digits', 3))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(result.stdout) == derive("subset", "digits", 3)


def test_the_seeds_of_published_numbers_stay_what_they_are() -> None:
    assert derive("subset", "digits", 0) == 3288825933367669601
