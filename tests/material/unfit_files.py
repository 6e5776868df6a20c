"""What nobody would leave on purpose: an honest folder of a run, and values that stand where others belong."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.gate import baselines
from bench.gate.sides import read_side
from bench.records.record import Record
from bench.records.store import Store
from tests.material.examples import ENVIRONMENT
from tests.material.summaries import PROFILED, TRIALS

DEEP = 3000
VALUES: tuple[str, ...] = (
    *("null", "true", "false", "0", "-0.0", "1", "-1", "-0.5", "1.0000001", "2", "200", "1e-320", "1e101", "-1e101"),
    *("1e308", "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "1" * 400, "-" + "9" * 400, "1" * 5000, "0.5e1"),
    *("9223372036854775808", "18446744073709551616", '""', '"0.9"', '"nan"', '"a\\u0000b"', '"\\ud800"', '"\\udcff"'),
    *('"a\\nb"', '"<script>alert(1)</script>"', '"../../x"', '"/etc/passwd"', '"\\u202e\\u001b[31m"'),
    *("[]", "{}", "[null]", "[[]]", "[1,2,3]", '["a"]', '{"": null}', '{"p50": null}', '{"a": {"b": [1]}}'),
    *('{"train": -1}', '{"1": [0.5]}', '[0.5, "x"]', "[[[[[[[[[[1]]]]]]]]]]", f"{'[' * DEEP}{']' * DEEP}"),
    f"{'[' * DEEP}",
    '{"a":' * DEEP + "1" + "}" * DEEP,
    f'"{"x" * 2_000_000}"',
    f"[{','.join(['0.5'] * 2000)}]",
)
"""JSON, or what passes for it."""
MARK = "\u2603"
"""Stands where a value is to be put, as text that no honest file holds."""


def records() -> list[Record]:
    """Two methods at two budgets with four seeds, with something in every field."""
    shares = iter(np.random.default_rng(0).integers(150, 190, 16))
    axes = [(method, budget) for method in ("linear_probe", "finetune") for budget in (5, 50)]
    return [_record(*each, seed, float(next(shares)) / 200) for each in axes for seed in range(4)]


def _record(method: str, budget: int, seed: int, accuracy: float) -> Record:
    tuned = method == "finetune"
    snapshot = {"sm_mhz": 1500, "memory_mhz": 900, "celsius": 50, "watts": 210.5, "joules": 1e6}
    told = {**snapshot, "throttled_by": ["power cap"], "other_processes": 0}
    fields: dict[str, Any] = {
        "cell_id": f"{method}{budget}x{seed}",
        "method": method,
        "seed": seed,
        "budget": f"{budget} per class",
        "labels_per_class": budget,
        "n_labels": 10 * budget,
        "n_train": 8 * budget,
        "n_val": 2 * budget,
        "n_test": 200,
        "n_classes": 10,
        "test_sha256": "e" * 64,
        "subset_sha256": "b" * 64,
        "accuracy": accuracy,
        "top5_accuracy": 0.99,
        "oracle_accuracy": 0.97,
        "macro_f1": accuracy,
        "per_class_accuracy": [accuracy] * 9 + [None],
        "worst_class": "seven",
        "worst_class_accuracy": 0.5,
        "expected_calibration_error": 0.02,
        "negative_log_likelihood": 0.4,
        "initial_loss": 2.3,
        "final_loss": 0.1,
        "step_ms": {"p50": 12.5, "p90": 15.0, "n": 95},
        "frozen_part": None if tuned else "features",
        "transferability": {"logme": -0.1, "leep": -1.5, "knn": 0.6},
        "fraction": 0.05,
        "chosen": {"tuned_edges": ["learning_rate"], "step": 100, "edge": True, "converged": False},
        "trials": TRIALS if tuned else None,
        "search": "random" if tuned else None,
        "tune_s": 3.0 if tuned else 0.0,
        "training": {"steps": 100},
        "determinism": {"cudnn_benchmark": False},
        "gpu_state": {"before": told, "after": told, "joules": 5.0, "others": 1},
        "cpu_s_by_phase": {"train": 2.0, "eval": 1.0},
        "peak_rss_mib_by_phase": {"train": 380.0, "eval": 400.0},
        "baseline_rss_mib": 300.0,
        "peak_cuda_mib_by_phase": {"train": [100.0, 120.0], "eval": [90.0, 120.0]},
        "peak_cuda_allocated_mib": 100.0,
        "peak_cuda_reserved_mib": 120.0,
        "cuda_device_used_mib": 500.0,
        "corruption_accuracy": {"noise": [0.8, 0.7, 0.6, 0.5, 0.4], "blur": [0.8, 0.8, 0.7, 0.6, 0.5]},
        "corruption_clean_accuracy": 0.85,
        "n_corrupted": 200,
        "probes": ["corruption"],
        "corruptions_s": 9.0,
        "source_accuracy_before": 0.97,
        "source_accuracy_after": 0.9,
        "forgetting": 0.07,
        "n_source_test": 100,
        "duplicates": {"exact": 1, "near": 1, "of": 200, "examples": {"exact": [["a", "b"]], "near": [["c", "d"]]}},
        "overlap": "classes",
        "overlap_reason": "why",
        "dataset_notes": ["a note"],
        "pinned_to": [0, 1],
        "finished_at": "2026-11-21T13:43:58+00:00",
        "rss_method": "VmHWM",
        "executor": "process",
        "env": "machine",
    }
    return Record(**{**PROFILED.to_json(), **fields})


def write(folder: Path) -> Path:
    """Write a run, baselines and files of pytest-benchmark into an empty folder, which commands are called in."""
    store, generator, ids = Store(folder / "run"), np.random.default_rng(1), []
    with store.writing() as writer:
        for record in records():
            right = np.arange(200) < round((record.accuracy or 0) * 200)
            generator.shuffle(right)
            arrays = {
                "labels": np.ones(200, np.int32),
                "predictions": right.astype(np.int32),
                "losses": np.linspace(2, 0.1, 100),
                "step_s": np.full(100, 0.01),
                "candidate_accuracies": np.linspace(0.5, 0.9, 5),
            }
            side = writer.write_side_file(record.cell_id, arrays)
            made = {"side_file": side, "right_offset": writer.append_right(record.cell_id, right)}
            writer.append(Record(**{**record.to_json(), **made}))
            ids.append(record.cell_id)
    told = {"suite": "any", "description": "why", "command": "bench run", "suite_text": "name: any\n", "cells": ids}
    store.update_manifest(told, {"machine": _machine()})
    for number in range(3):
        (folder / f"bench{number}.json").write_text(json.dumps(benchmarks(number)))
    for name, given in (("main", "run"), ("other", "run"), ("speed", "bench0.json")):
        baselines.save(read_side(str(folder / given)), name, True, folder / "results" / "baselines")
    return folder


def _machine() -> dict[str, Any]:
    gpu = {"name": "a GPU", "memory_gib": 80.0, "cuda": "13.2", "cudnn": 91900, "driver": "590.1", "capability": "9.0"}
    return {**ENVIRONMENT, "gpu": gpu, "torch_build": "2.0", "variables": {"A": "1"}, "machine": "x86_64"}


def benchmarks(number: int) -> dict[str, Any]:
    """Return what pytest-benchmark writes of two of this project's benchmarks."""
    each = {
        "fullname": "t.py::test_train",
        "options": {"timer": "perf_counter"},
        "stats": {"min": 0.01 + number / 1e5, "median": 0.02},
        "extra_info": {"calls": 7, "threads": 1, "note": "fine"},
    }
    machine = {"python_version": "3.11", "cpu": {"brand_raw": "A", "count": 4}, "bench_environment": _machine()}
    return {
        "machine_info": machine,
        "commit_info": {"id": "0" * 40, "dirty": False},
        "datetime": "2026-11-21T13:43:58",
        "benchmarks": [each, {**each, "fullname": "t.py::test_eval"}],
    }


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value within a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*at, key)
        yield from places(each, (*at, key))


def altered(text: str, chance: random.Random) -> str:
    """Return a JSON text of which one value is another, is gone, or has a new one beside it."""
    contents = json.loads(text)
    path = chance.choice(list(places(contents)))
    holder = contents
    for key in path[:-1]:
        holder = holder[key]
    kind = chance.choice(["put"] * 6 + ["drop", "add"])
    if kind == "drop":
        del holder[path[-1]]
        return json.dumps(contents)
    if kind == "add" and isinstance(holder, dict):
        holder[chance.choice(["", "new", "p50", "a\x00b", "accuracy"])] = MARK
    else:
        holder[path[-1]] = MARK
    return json.dumps(contents, ensure_ascii=False).replace(f'"{MARK}"', chance.choice(VALUES))


def _a_value(lines: list[str], chance: random.Random) -> None:
    place = chance.randrange(len(lines))
    lines[place] = altered(lines[place], chance)


def _a_line(lines: list[str], chance: random.Random) -> None:
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    kind = chance.choice(["cut", "again", "swap", "gone", "empty", "foreign"])
    if kind == "cut":
        lines[place] = lines[place][: chance.randrange(len(lines[place]))]
    elif kind == "again":
        lines.insert(other, lines[place])
    elif kind == "swap":
        lines[place], lines[other] = lines[other], lines[place]
    elif kind == "gone":
        del lines[place]
    else:
        lines.insert(place, "" if kind == "empty" else chance.choice(VALUES))


def damage(path: Path, chance: random.Random) -> None:
    """Change a file of JSON, or of a JSON value in each line, in one of many ways."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines() if path.suffix == ".jsonl" else [text]
    change: Callable[[list[str], random.Random], None] = chance.choice([_a_value] * 6 + [_a_line])
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        if lines:
            try:
                change(lines, chance)
            except (ValueError, RecursionError, LookupError, TypeError):
                break  # changed so far that it is no JSON any more
    contents = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
    if chance.random() < 0.1:
        place = chance.randrange(len(contents) + 1)
        foreign = chance.choice([b"\x00", b"\xff", b"\n", b"}", b"", b"\x1f\x8b"])
        contents = contents[:place] + foreign + contents[place + 1 :]
    if chance.random() < 0.05:
        contents = contents[: chance.randrange(len(contents) + 1)]
    path.write_bytes(contents)
