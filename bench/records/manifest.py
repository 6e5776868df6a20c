"""What the manifest of a run may hold: its plan, its suite, and the machines that its records name."""

from pathlib import Path
from typing import Annotated, Any, NotRequired

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from bench.errors import BenchError
from bench.machine.reading import MIB, Unfit, problem_in, read_json
from bench.records.field_types import CONFIG, Name, NotNegative, Positive, Text

FILE = 512 * MIB
"""Bytes at most: a plan of a million cells has 20 MiB."""
CELLS = 20_000_000
MEND = "remove it, the next run writes it again"


@with_config(CONFIG)
class _Gpu(TypedDict):
    name: Text
    memory_gib: NotNegative
    cuda: Text | None
    driver: Text | None
    cudnn: NotRequired[int | None]
    capability: NotRequired[Text | None]


@with_config(CONFIG)
class _Environment(TypedDict, total=False):
    """Another version of the harness may have kept less."""

    machine: Text
    processor: Text
    cores: Positive
    memory_gib: NotNegative
    system: Text
    python: Text
    packages: dict[Text, Text | None]
    torch_build: Text | None
    variables: dict[Text, Text]
    commit: Text | None
    device: Text
    gpu: _Gpu | None


@with_config(CONFIG)
class _Manifest(TypedDict, total=False):
    schema_version: Positive
    suite: Name
    description: Text
    command: Text
    suite_text: Annotated[str, Field(max_length=16 * MIB)]
    cells: Annotated[list[Name], Field(max_length=CELLS)] | None
    environments: dict[Name, _Environment]


ENVIRONMENT: TypeAdapter[Any] = TypeAdapter(_Environment)
_MANIFEST: TypeAdapter[Any] = TypeAdapter(_Manifest)


def read_manifest(path: Path) -> dict[str, Any]:
    """Return a run's manifest; raise `BenchError` for a file that holds none."""
    try:
        contents = read_json(path, FILE)
        problem = problem_in(_MANIFEST, contents)
    except Unfit as error:
        raise BenchError(f"{path}: {error}; {MEND}") from error
    if problem or not isinstance(contents, dict):
        raise BenchError(f"{path}: no manifest of a run ({problem}); {MEND}")
    return contents
