"""What can go wrong in a way that a user can mend, each with its exit code."""

import enum


class Exit(enum.IntEnum):
    """The exit codes of every `bench` command."""

    OK = 0
    GATE_FAILED = 1
    USAGE = 2
    CELLS_FAILED = 3
    NOTHING_COMPARED = 4
    NOT_COMPARABLE = 5
    INTERRUPTED = 130


class BenchError(Exception):
    """An error whose message names the thing, what was wrong, and what to do."""

    exit_code = Exit.USAGE


class InvalidSuite(BenchError):
    """A suite file with mistakes, told in one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InvalidData(BenchError):
    """A data set that is there but can't be used as it is."""


class Unavailable(BenchError):
    """Data, weights or an extra of the package that can't be had here; the cells that need them are skipped."""


class Unwritable(BenchError):
    """A file or a folder that can't be written here: the disk is full, it is no one's to write, a link lies there."""


class NotComparable(BenchError):
    """Two sides whose figures say nothing of one another: the message names what differs."""

    exit_code = Exit.NOT_COMPARABLE


class Diverged(BenchError):
    """Training whose loss, or a network whose outputs, stopped being finite."""
