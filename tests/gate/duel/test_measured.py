"""The values of a duel are what a side's process answers, and can be written as JSON."""

import dataclasses
import json

from bench.gate.duel.clock import run_block
from bench.gate.duel.counters import Counted
from bench.gate.duel.measured import Block, Counts, Duel, Finding


def test_what_a_process_counts_is_what_is_read() -> None:
    """Field by field: its package counts, and this one reads."""
    assert [each.name for each in dataclasses.fields(Counts)] == [each.name for each in dataclasses.fields(Counted)]


def test_a_block_is_the_same_after_its_way_between_processes() -> None:
    block = run_block(lambda: None, 3, "cpu")
    assert Block(**json.loads(json.dumps(dataclasses.asdict(block)))) == block


def test_what_was_found_can_be_written() -> None:
    """Whatever was left open is null, and nothing is lost."""
    finding = Finding("probe_fit", "work", "flop", "worse", 10, 12, 0.2, detail=("aten.mm.default 1 -> 2",))
    found = Duel("throughput", "main", "mine", {"threads": 1}, "a machine", [finding], {"data_path": "too old"})
    read = json.loads(json.dumps(dataclasses.asdict(found)))
    assert read["findings"][0] | {"detail": finding.detail} == dataclasses.asdict(finding)
    assert read["not_comparable"] == {"data_path": "too old"}
