"""The README keeps its word: its commands parse, its links lead somewhere."""

import re
from pathlib import Path

import pytest
import yaml

from bench.catalog import METHODS, PRETRAINING, SELECTIONS
from bench.registry import Registry
from tests.material import tiny
from tests.material.command_line import assert_parses

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8") if README.exists() else ""
BLOCKS = re.findall(r"^```[a-z]*\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
LINES = [line.strip().removeprefix("$ ") for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()]
COMMANDS = sorted({line for line in LINES if re.match(r"(\.venv/bin/)?bench\s", line)})
TARGETS = sorted({word for line in LINES for word in re.findall(r"^make ([a-z-]+)", line)})
LINKS = sorted(
    {
        link.partition("#")[0]
        for link in re.findall(r"\]\(([^)\s]+)[^)]*\)|src=\"([^\"]+)\"", TEXT)
        for link in link
        if link and not re.match(r"[a-z]+:|#", link)
    }
)

pytestmark = pytest.mark.skipif(not README.exists(), reason="there is no README yet")


@pytest.mark.parametrize("command", COMMANDS or ["bench"])
def test_command_parses(command: str) -> None:
    """Each `bench ...` line of a code block names a verb and options that there are."""
    assert COMMANDS, "the README shows no command"
    assert_parses(command)


def test_make_targets_are_in_the_makefile() -> None:
    """And those shown are documented there."""
    makefile = (ROOT / "Makefile").read_text()
    assert TARGETS, "the README shows no make target"
    for target in TARGETS:
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), target


@pytest.mark.parametrize("link", LINKS or [""])
def test_relative_link_leads_somewhere(link: str) -> None:
    """Files and pictures that are in the repository."""
    assert not link or (ROOT / link).exists(), link


GUIDE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("registry", "name"),
    [(registry, name) for registry in (METHODS, PRETRAINING, SELECTIONS) for name in registry.names()],
    ids=lambda each: each if isinstance(each, str) else each.kind,
)
def test_guide_names_all_that_a_suite_may(registry: Registry, name: str) -> None:
    """What is in the catalogue is in the guide, and what its tables name is in the catalogue."""
    assert f"`{name}`" in GUIDE


def test_guides_examples_are_taken(tmp_path: Path) -> None:
    """The pieces of YAML, in a suite."""
    pieces = re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(pieces) == 2
    method, tuning = (yaml.safe_load(piece) for piece in pieces)
    grid = {"backbone": ["test_vit"], "labels_per_class": [10], **method}
    suite = tmp_path / "guide.yaml"
    suite.write_text(yaml.safe_dump({"name": "guide", "dataset": "digits", "image_size": 32, "grid": grid, **tuning}))
    cells = tiny.cells_of(suite)
    assert {len(cell.trials) for cell in cells} == {0, 8}
