"""The guide to regression checks keeps its word: its commands parse, it names all there is, its recipe runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bench.gate.comparability import ALLOWED
from bench.gate.quantities import QUANTITIES
from bench.gate.rules import parse_rule
from tests.material.command_line import Command, assert_parses

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "regression.md").read_text(encoding="utf-8")
SCRIPT = ROOT / "docs" / "ci" / "gate.sh"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
COMMANDS = sorted({line.strip() for block in BLOCKS for line in block.splitlines() if line.startswith("bench ")})
STAND_IN = """\
#!/bin/sh
echo "$@" >> asked.txt
case $1 in run) exit "$RUN";; compare) echo "### table"; exit "$COMPARE";; duel) exit "$DUEL";; esac
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_command_parses(command: str) -> None:
    """As those of the README."""
    assert_parses(command)


@pytest.mark.parametrize("name", [*ALLOWED, *QUANTITIES])
def test_guide_names_what_there_is(name: str) -> None:
    """Every metric, and all that may be allowed."""
    assert f"`{name}`" in GUIDE or f"--allow {name}`" in GUIDE


def test_limits_of_the_guide_are_limits() -> None:
    """All that look like one."""
    limits = [each for each in re.findall(r"[`\"]([a-z_0-9]+:[0-9a-zA-Z%]+)[`\"]", GUIDE) if "METRIC" not in each]
    assert len(limits) > 5
    assert all(parse_rule(limit) for limit in limits)


def test_links_lead_somewhere() -> None:
    """Beside the guide."""
    links = re.findall(r"\]\(([^)\s#]+)\)", GUIDE)
    assert links
    assert all((ROOT / "docs" / link).exists() for link in links)


def test_workflow_calls_the_script_that_is_there() -> None:
    """On pull requests, with the history that the base's commit needs."""
    workflow = yaml.safe_load((ROOT / "docs" / "ci" / "github.yml").read_text())
    assert workflow[True] == "pull_request"  # YAML reads the key `on` as a truth
    steps = workflow["jobs"]["gate"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0
    assert steps[-1]["run"].startswith(f"sh {SCRIPT.relative_to(ROOT)} main ")


def gate(folder: Path, *arguments: str, **codes: int) -> subprocess.CompletedProcess[str]:
    """Run the script with a stand-in for `bench` that ends as it is told."""
    stand_in = folder / "bench"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    told = {name: str(codes.get(name, 0)) for name in ("RUN", "COMPARE", "DUEL")}
    environment = {"PATH": os.environ["PATH"], "BENCH": str(stand_in), **told}
    command = ["sh", str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ({}, 0),
        ({"COMPARE": 1}, 1),
        ({"DUEL": 1, "COMPARE": 5}, 1),
        ({"DUEL": 4}, 4),
        ({"COMPARE": 4, "DUEL": 5}, 4),
        ({"RUN": 3, "COMPARE": 1}, 1),
        ({"RUN": 3}, 0),
        ({"RUN": 2}, 2),
    ],
    ids=str,
)
def test_recipe_ends_with_the_code_that_matters(tmp_path: Path, codes: dict[str, int], expected: int) -> None:
    """A regression first; what is unknown is no pass."""
    assert gate(tmp_path, "main", "origin/main", **codes).returncode == expected


def test_recipe_asks_for_speed_where_a_commit_is_named(tmp_path: Path) -> None:
    """And prints the tables."""
    assert "### table" in gate(tmp_path, "main").stdout
    asked = (tmp_path / "asked.txt").read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["run", "compare"]
    gate(tmp_path, "main", "v1")
    assert (tmp_path / "asked.txt").read_text().splitlines()[-1] == "duel throughput --base v1 --format github"
    assert gate(tmp_path).returncode == 2


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("bench compare main")])
def test_guides_comparison_needs_its_baseline(bench: Command, line: str) -> None:
    """Without one it is told what there is, and what is no baseline."""
    answer = bench(*line.partition("#")[0].split()[1:])
    assert (answer.code, "no baseline in results/baselines yet" in answer.err) == (2, True)


@pytest.mark.slow
def test_recipe_passes_what_did_not_change_and_fails_what_did(tmp_path: Path) -> None:
    """For real: the suite of the gate, against its own baseline, then against one that was more accurate."""
    bench = [sys.executable, "-m", "bench"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BENCH": " ".join(bench)}

    def call(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert call(*bench, "run", "regression_digits", "--out", "results/first").returncode == 0
    assert call(*bench, "baseline", "save", "main", "results/first").returncode == 0
    passed = call("sh", str(SCRIPT), "main")
    assert (passed.returncode, "the same or better" in passed.stdout) == (0, True), passed.stderr
    baseline = tmp_path / "results" / "baselines" / "main.jsonl"
    better = re.sub(r'"accuracy":([0-9.]+)', lambda found: f'"accuracy":{float(found[1]) + 0.03}', baseline.read_text())
    baseline.write_text(better)
    failed = call("sh", str(SCRIPT), "main")
    assert (failed.returncode, "regressed" in failed.stdout) == (1, True), failed.stdout + failed.stderr
