"""The machines of a run, in words."""

import dataclasses
from pathlib import Path

import pytest

from bench.catalog import REPORTS
from bench.reports.tables.environment import environment_rows
from tests.material.summaries import ENVIRONMENT, a_summary, render


@pytest.mark.parametrize("name", REPORTS.names())
def test_what_an_environment_lacks_is_unknown(name: str, tmp_path: Path) -> None:
    summary = dataclasses.replace(a_summary(), environments={"here": {}})
    assert render(name, summary, tmp_path)
    assert environment_rows(summary)[0] == "`here`: unknown, unknown cores, unknown GiB, unknown"


def test_a_machine_is_told_with_its_gpu_and_the_packages_that_it_has() -> None:
    gpu = {"name": "a GPU", "memory_gib": 80.0, "cuda": "13.2", "driver": "590.1"}
    summary = dataclasses.replace(
        a_summary(), environments={"here": {**ENVIRONMENT, "device": "cuda", "gpu": gpu, "commit": "c0ffee"}}
    )
    assert environment_rows(summary) == [
        "`here`: a processor, 2 cores, 8 GiB, Linux",
        "device cuda: a GPU, 80.0 GiB, CUDA 13.2, driver 590.1",
        "Python 3.11, torch 2.0",
        "commit c0ffee",
    ]
