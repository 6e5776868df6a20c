"""What must be equal is asked of each field; what differs is named with both values; a time needs the machine."""

from typing import Any

import pytest

from bench.errors import BenchError
from bench.gate.comparability import ALLOWED, NEEDED_BY, check_allowed, conditions_of, machine_conditions, mismatches
from bench.gate.quantities import QUANTITIES
from bench.records.record import Record
from tests.material.measured import GPU, MACHINE, a_cell_record

ONE = {
    "score": QUANTITIES["accuracy"],
    "time": QUANTITIES["throughput"],
    "peak": QUANTITIES["peak_rss"],
    "exact": QUANTITIES["trainable_params"],
}


def known(record: Record, machine: dict[str, Any]) -> dict[str, Any]:
    """Return the conditions of a record that was made on a machine."""
    return conditions_of(record, {"machine": machine_conditions(machine)})


def names(base: Record, new: Record, kind: str, changed: dict[str, Any] | None = None) -> list[str]:
    """Return which conditions stand between two records of one machine, which may be changed for the second."""
    left = known(base, MACHINE)
    right = known(new, {**MACHINE, **(changed or {})})
    return [each.name for each in mismatches(left, right, ONE[kind], ())]


@pytest.mark.parametrize(
    ("change", "named", "kinds"),
    [
        ({"device": "cuda"}, "device", "score time peak"),
        ({"precision": "bf16"}, "precision", "score time peak exact"),
        ({"batch_size": 32}, "batch", "score time peak"),
        ({"image_size": 64}, "size", "score time peak exact"),
        ({"threads": 4}, "threads", "time peak"),
        ({"workers": 2}, "workers", "time"),
        ({"pinned_to": [0]}, "cores_held", "time"),
        ({"executor": "inline"}, "start_method", "time peak"),
        ({"determinism": {"fp32_precision": "tf32", "cudnn_benchmark": False}}, "flags", "score time peak"),
        ({"dataset_fingerprint": "0" * 64}, "data", "score time peak"),
        ({"weights_sha256": "0" * 64}, "weights", "score time peak"),
        ({"test_sha256": "0" * 64}, "test_images", "score"),
        ({"subset_sha256": "0" * 64}, "subset", "score"),
        ({"limit": 100}, "limit", "score time peak"),
        ({"training": {"steps": 7}}, "recipe", "score time peak exact"),
        ({"throughput_of": "extraction"}, "part", "time"),
        ({"rss_method": "getrusage"}, "rss_method", "peak"),
        ({"features_s": 0.1}, "features", "peak"),
    ],
    ids=str,
)
def test_field_of_a_record_stands_in_the_way_where_it_matters(change: dict[str, Any], named: str, kinds: str) -> None:
    """And only there."""
    base, new = a_cell_record(0), a_cell_record(0, **change)
    for kind in ONE:
        assert names(base, new, kind) == ([named] if kind in kinds.split() else []), kind


@pytest.mark.parametrize(
    ("change", "named", "kinds"),
    [
        ({"processor": "another"}, ["processor"], "time peak"),
        ({"cores": 8}, ["processor"], "time peak"),
        ({"packages": {**MACHINE["packages"], "torch": "2.14.0"}}, ["versions"], "score time peak"),
        ({"python": "3.12.1"}, ["versions"], "score time peak"),
        ({"packages": {**MACHINE["packages"], "transferbench": "0.2.0"}}, [], ""),
        ({"packages": {**MACHINE["packages"], "matplotlib": "3.12"}}, [], ""),
        ({"commit": "1" * 40}, [], ""),
    ],
    ids=str,
)
def test_machine_matters_to_times_and_libraries_to_all(change: dict[str, Any], named: list[str], kinds: str) -> None:
    """What is to be judged, this project's own version and commit, stands in no way."""
    for kind in ONE:
        assert names(a_cell_record(0), a_cell_record(0), kind, change) == (named if kind in kinds.split() else [])


def test_driver_matters_to_times_only() -> None:
    """And another GPU to memory too."""
    base = known(a_cell_record(0), {**MACHINE, "gpu": GPU})
    other = known(a_cell_record(0), {**MACHINE, "gpu": {**GPU, "driver": "600.1"}})
    assert [each.text for each in mismatches(base, other, ONE["time"], ())] == [
        "driver: driver 590.1 against driver 600.1"
    ]
    assert not mismatches(base, other, ONE["peak"], ())
    third = known(a_cell_record(0), {**MACHINE, "gpu": {**GPU, "name": "another"}})
    assert [each.name for each in mismatches(base, third, ONE["peak"], ())] == ["gpu"]


def test_what_the_code_decides_is_judged_and_not_asked() -> None:
    """A lost channels_last, another optimiser's kernel or a smaller batch that fitted are regressions."""
    new = a_cell_record(0, memory_format="contiguous", optimizer_kind="foreach", batch_effective=8)
    assert not any(names(a_cell_record(0), new, kind) for kind in ONE)


def test_both_values_are_told_and_of_versions_only_those_that_differ() -> None:
    """A line that says what to look at."""
    left = known(a_cell_record(0), MACHINE)
    changed = {**MACHINE, "packages": {**MACHINE["packages"], "torch": "2.14.0"}}
    right = known(a_cell_record(0, threads=4), changed)
    texts = [each.text for each in mismatches(left, right, ONE["time"], ())]
    assert texts == ["threads: 1 against 4", "versions: torch 2.15.0 against torch 2.14.0"]


def test_allowed_by_name_and_by_nothing_else() -> None:
    """Each difference by its own name."""
    left = known(a_cell_record(0), MACHINE)
    right = known(a_cell_record(0, threads=4, precision="bf16"), MACHINE)
    assert [each.name for each in mismatches(left, right, ONE["time"], ("threads",))] == ["precision"]
    assert not mismatches(left, right, ONE["time"], ("threads", "precision"))


def test_unknown_environment_is_like_no_other() -> None:
    """Without the manifest only the environment's hash can show that it is the same."""
    alone, other = conditions_of(a_cell_record(0), {}), conditions_of(a_cell_record(0, env="other"), {})
    assert not mismatches(alone, alone, ONE["time"], ())
    assert [each.name for each in mismatches(alone, other, ONE["time"], ())] == [
        "processor",
        "gpu",
        "driver",
        "versions",
    ]
    nowhere = conditions_of(a_cell_record(0, env=None), {})
    assert "processor" in [each.name for each in mismatches(nowhere, nowhere, ONE["time"], ())]


def test_allow_takes_what_there_is() -> None:
    """And tells the nearest."""
    check_allowed(ALLOWED)
    assert set(NEEDED_BY) < set(ALLOWED)
    with pytest.raises(BenchError, match="did you mean versions"):
        check_allowed(["version"])


@pytest.mark.parametrize("environment", [{}, {**MACHINE, "packages": ["torch"]}])
def test_a_damaged_environment_is_told_in_one_line(environment: dict[str, Any]) -> None:
    """An exit code of 1 would say that something is worse."""
    with pytest.raises(BenchError, match="an environment in a manifest is damaged"):
        machine_conditions(environment)
