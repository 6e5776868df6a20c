"""Suites as nobody means them: each is read, or refused in lines with the place and the key, in little memory."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.suites.suite import read_suite
from bench.suites.wording import MOST_TOLD
from tests.material.hostile import PLAIN, VALUES, with_value, written

KEYS = list(PLAIN)
QUICK = [path for path in KEYS if path != ("grid", "backbone")]
"""An unknown backbone has timm asked, whose import takes seconds."""
MORE = f"more than {MOST_TOLD} mistakes: mend these first"
GIB = 2**30


def refusal(path: Path, text: str) -> list[str]:
    """Return the lines in which a suite is refused; none where it is read."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read_suite(path)
    except BenchError as error:
        return str(error).split("\n")
    return []


def assert_tells(path: Path, text: str, key: str) -> None:
    """Read a suite; each line of a refusal has its place, and the first names the key, if there was one to read."""
    lines = refusal(path, text)
    for line in lines:
        assert re.match(rf"{re.escape(str(path))}:\d+:\d+: ", line) or line == MORE, line
        assert line.isprintable(), line
        assert len(line) <= 700, line
    assert not lines or key in lines[0] or "no valid YAML" in lines[0], lines


def test_the_suite_that_is_changed_is_right(tmp_path: Path) -> None:
    assert refusal(tmp_path / "x.yaml", written(PLAIN)) == []


@pytest.mark.parametrize("first", range(4))
def test_any_value_is_read_or_refused_with_its_place_and_key(tmp_path: Path, first: int) -> None:
    """Each value at one key, and each key with some values; every value at every key below, where there is time."""
    for position, value in list(enumerate(VALUES))[first::4]:
        path = QUICK[(position * 7) % len(QUICK)]
        assert_tells(tmp_path / "x.yaml", with_value(path, value), path[-1])


@pytest.mark.slow
@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_any_value_at_any_key_is_read_or_refused_with_its_place_and_key(tmp_path: Path, path: tuple[str, ...]) -> None:
    for value in VALUES:
        assert_tells(tmp_path / "x.yaml", with_value(path, value), path[-1])


TOKENS = st.lists(
    st.sampled_from([*"[]{},:-?!&*|>'\"%@` \n\t", ": ", "- ", "<<: ", "&a ", "*a", "!!int ", "1e3", "~", "a"]),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.sampled_from(QUICK), value=st.text(max_size=20) | TOKENS.map("".join) | st.sampled_from(VALUES))
def test_any_text_at_any_key_is_read_or_refused(tmp_path: Path, where: tuple[str, ...], value: str) -> None:
    """What breaks out of its key may be told at another one, but with a place."""
    assert_tells(tmp_path / "x.yaml", with_value(where, value), "")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(contents)
    with pytest.raises(BenchError) as refused:
        read_suite(path)
    assert str(refused.value).isprintable()


def large() -> Iterator[tuple[str, str]]:
    """Yield what took gigabytes or hours, or might: a suite or a command, and what is said of it."""
    laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    laughs += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    yield "\n".join(laughs), "aliases (*) written out"
    merged = ["a0: &a0 {" + ", ".join(f"k{i}: x" for i in range(10)) + "}"]
    merged += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}" for i in range(1, 10)]
    yield "\n".join(merged), "aliases (*) written out"
    thousand = f"[{', '.join(map(str, range(1000)))}]"
    axes = {("grid", axis): thousand for axis in ("seed", "subset_seed", "repeat")}
    yield written({**PLAIN, **axes}), "4,000,000,000 cells"
    yield "[" * 1_000_000, "more than 32 levels"
    yield "- " * 500_000, "more than 32 levels"
    yield "x" * 2**21, "at most 1.0 MiB"
    yield f"name: {'x' * 1_000_000}", "must have at most 200 characters"
    yield f"name: [{'x, ' * 40_000}]", "name: must be text (not a list of 40,000)"
    yield "\n".join(f"k{number}: 1" for number in range(20_000)), MORE
    names = ", ".join(f"n{number}" for number in range(20_000))
    yield with_value(("grid", "method"), f"[{names}]"), "unknown method"
    yield with_value(("exclude",), f"[{'{seed: 1}, ' * 3000}]"), "has 3000 entries, and at most 2000 are taken"
    yield with_value(("tune", "space", "linear_probe", "l2"), f"[{'[1.0], ' * 5000}]"), "has 5,000 values"


@pytest.mark.slow
def test_what_is_large_is_refused_in_little_memory(tmp_path: Path) -> None:
    """Within a gigabyte of addresses and twenty seconds of the processor, the start of Python included."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (GIB, GIB))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    for number, (text, said) in enumerate(large()):
        path = tmp_path / f"x{number}.yaml"
        path.write_text(text)
        answer = subprocess.run(
            [sys.executable, "-P", "-m", "bench", "validate", str(path)],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=limited,
        )
        assert (answer.returncode, answer.stdout) == (2, ""), (number, answer.stderr[-2000:])
        assert said in answer.stderr, (number, answer.stderr[-2000:])
        assert "Traceback" not in answer.stderr
        assert len(answer.stderr) < 700 * (MOST_TOLD + 1)
