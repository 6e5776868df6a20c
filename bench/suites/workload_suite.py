"""Suites that name workloads in place of cells: what `bench duel` runs."""

import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.catalog import WORKLOADS
from bench.errors import BenchError, InvalidSuite
from bench.suites.grammar import MOST_NAMES, Batch, Description, SuiteName, Threads, explain_all
from bench.suites.wording import one_line, shortened, told
from bench.suites.yaml_marks import Marks, load_with_marks, read_suite_text

NAMES = Annotated[list[str], Field(min_length=1, max_length=MOST_NAMES)]


@dataclass(frozen=True)
class WorkloadSuite:
    """Workloads, and the conditions that each is asked to run under."""

    name: str
    description: str
    workloads: tuple[str, ...]
    device: str
    precision: str
    batch_size: int
    threads: int
    accuracy: str | None
    """A suite of cells whose accuracies are compared beside the workloads; null: no accuracy is compared."""

    @property
    def conditions(self) -> dict[str, Any]:
        """Keyword arguments that every workload is given."""
        keys = ("device", "precision", "batch_size", "threads")
        return {key: value for key, value in dataclasses.asdict(self).items() if key in keys}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: SuiteName
    description: Description = ""
    workloads: NAMES
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:[0-9]{1,4})?)$")] = "cpu"
    precision: Literal["fp32", "bf16"] = "fp32"
    batch_size: Batch = 32
    threads: Threads = 1
    accuracy: str | None = None


def names_workloads(contents: Any) -> bool:
    """Say whether a suite's file, as YAML has it, is one of workloads."""
    return isinstance(contents, dict) and "workloads" in contents


def refuse_workloads(contents: Any, path: Path) -> None:
    """Raise where somebody wants cells of a suite that has none."""
    if names_workloads(contents):
        raise BenchError(
            one_line(
                f"{path}: names workloads, not cells; compare two versions with `bench duel {path.stem} --base REF`"
            )
        )


def is_workload_suite(path: Path) -> bool:
    """Say whether a suite's file is one of workloads; a file that can't be read is none."""
    try:
        contents, _ = load_with_marks(read_suite_text(path), str(path))
    except BenchError:
        return False
    return names_workloads(contents)


def read_workload_suite(path: Path) -> WorkloadSuite:
    """Read and validate a suite of workloads; every mistake is named at once, with its place."""
    contents, marks = load_with_marks(read_suite_text(path), str(path))
    if not names_workloads(contents):
        raise BenchError(
            one_line(f"{path}: names no workloads; `bench ls workloads` lists them, suites/throughput.yaml has some")
        )
    mistakes: list[str] = []
    parsed: _File | None = None
    try:
        parsed = _File.model_validate(contents)
    except ValidationError as error:
        mistakes = explain_all(marks, contents, error)
    problems = told(itertools.chain(marks.problems, mistakes, _unknown_workloads(contents["workloads"], marks)))
    if problems or parsed is None:
        raise InvalidSuite(problems)
    return WorkloadSuite(**{**parsed.model_dump(), "workloads": tuple(parsed.workloads)})


def _unknown_workloads(written: Any, marks: Marks) -> Iterator[str]:
    """Yield a line for each name that the catalogue lacks; anything but a list is refused for its type."""
    for position, name in enumerate(written if isinstance(written, list) else ()):
        try:
            WORKLOADS.verify(str(name))
        except BenchError as error:
            yield f"{marks.at(('workloads', position))}: workloads: {shortened(str(error), str(name))}"
