"""What came of a call: its value, or a word and a reason for how it ended, whatever it raised."""

import subprocess
import sys

import pytest
import torch

from bench.errors import BenchError, Diverged, InvalidData, InvalidSuite, Unavailable, Unwritable
from bench.outcomes import TRACEBACK_CHARACTERS, Outcome, attempt, out_of_memory


def raising(error: BaseException) -> Outcome:
    """Return what comes of a call that raises this."""

    def work() -> None:
        raise error

    return attempt(work)


@pytest.mark.parametrize("value", [3, None, Outcome("inner")])
def test_value_comes_back_whatever_it_is(value: object) -> None:
    """Null is a value as well."""
    assert attempt(lambda: value) == Outcome(value)


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (Unavailable("no data: set DATA_DIR"), "unavailable"),
        (Unwritable("cache: the disk is full"), "unavailable"),
        (InvalidData("no images: add some"), "invalid"),
        (Diverged("the loss is nan: lower the rate"), "diverged"),
        (BenchError("wrong: mend it"), "raised"),
        (InvalidSuite(["a: wrong", "b: wrong"]), "raised"),
    ],
)
def test_what_a_user_can_mend_keeps_its_message_and_has_no_traceback(error: BenchError, ended: str) -> None:
    """The whole message, which says what to do."""
    assert raising(error) == Outcome(ended=ended, reason=str(error))


def test_other_errors_give_their_name_their_first_line_and_where_they_were_raised() -> None:
    """A reason is one line of a table; the rest is in the traceback."""
    outcome = raising(ValueError("a fault\nwith details"))
    assert (outcome.value, outcome.ended, outcome.reason) == (None, "raised", "ValueError: a fault")
    assert outcome.traceback is not None
    assert "in work" in outcome.traceback
    assert outcome.traceback.endswith("ValueError: a fault\nwith details\n")


def test_error_without_a_message_is_told_by_its_name() -> None:
    """An assertion that says nothing."""
    assert raising(AssertionError()).reason == "AssertionError: "


def test_of_a_long_traceback_the_end_is_kept() -> None:
    """Where the error was raised, and not how the call came there."""
    outcome = raising(ValueError("x" * 10 * TRACEBACK_CHARACTERS + "the end"))
    assert len(outcome.traceback or "") == TRACEBACK_CHARACTERS
    assert (outcome.traceback or "").endswith("the end\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(2)])
def test_what_ends_the_process_is_no_outcome(error: BaseException) -> None:
    """Ctrl-C ends the run, and not just the cell."""
    with pytest.raises(type(error)):
        raising(error)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    ],
    ids=["Python", "CUDA", "CPU", "MPS"],
)
def test_lack_of_memory_has_a_word_of_its_own(error: Exception) -> None:
    """Whoever says it."""
    assert out_of_memory(error)
    assert raising(error).ended == "oom"


@pytest.mark.parametrize("error", [RuntimeError("out of range"), ValueError("memory"), BenchError("memory is short")])
def test_other_errors_are_no_lack_of_memory(error: Exception) -> None:
    """Not even where they speak of it."""
    assert not out_of_memory(error)
    assert raising(error).ended == "raised"


def test_lack_of_memory_is_told_without_importing_torch() -> None:
    """The run's own process has none, and takes two seconds to import it."""
    code = (
        "import sys; from bench.outcomes import out_of_memory; "
        "print(out_of_memory(MemoryError()), out_of_memory(ValueError('fault')), 'torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert said == ["True", "False", "False"]
