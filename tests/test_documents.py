"""Documents keep their word: the paths that they name are there, their commands parse, versions agree."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from bench import __version__
from tests.material.command_line import assert_parses

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.glob("*.md")}
GUIDES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.glob("docs/*.md")}
PATHS = sorted(
    {
        (document, path)
        for document, text in (DOCUMENTS | GUIDES).items()
        for path in re.findall(r"`((?:bench|tests|docs)/[^`\s]*|suites/[^`\s]*\.yaml)`", text)
    }
)
COMMANDS = sorted(
    {
        (document, line.strip())
        for document, text in (DOCUMENTS | GUIDES).items()
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for line in block.replace("\\\n", " ").splitlines()
        if line.startswith(("bench ", ".venv/bin/bench "))
    }
)
LINKS = sorted(
    {
        (document, link)
        for document, text in (DOCUMENTS | GUIDES).items()
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
        if not re.match(r"[a-z]+:", link)
    }
)


@pytest.mark.parametrize(("document", "path"), PATHS)
def test_path_is_there(document: str, path: str) -> None:
    """`<name>` stands for any name: at least one file must fit."""
    assert list(ROOT.glob(re.sub(r"<\w+>", "*", path))), f"{document} names {path}"


@pytest.mark.parametrize(("document", "link"), LINKS)
def test_relative_link_leads_somewhere(document: str, link: str) -> None:
    """From the folder in which the document lies."""
    assert (ROOT / document).parent.joinpath(link).exists(), f"{document} links to {link}"


@pytest.mark.parametrize(("document", "command"), COMMANDS)
def test_command_parses(document: str, command: str) -> None:
    """Each `bench ...` line of a code block names a verb and options that there are."""
    assert_parses(command)


def test_what_is_looked_for_is_found() -> None:
    """The three tests above look at something."""
    assert {"README.md", "AGENTS.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} <= set(DOCUMENTS)
    assert ("AGENTS.md", "bench/methods/<family>/<name>.py") in PATHS
    assert {document for document, _ in COMMANDS} >= {"README.md", "CONTRIBUTING.md", "docs/reports.md"}
    assert ("CONTRIBUTING.md", "docs/extending.md") in LINKS


def test_make_targets_are_in_the_makefile() -> None:
    """Those that the documents call, or name."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for document, text in DOCUMENTS.items():
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE):
            assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), f"{document}: make {target}"


def test_one_version_and_one_licence() -> None:
    """In the package, in pyproject.toml, in the citation, in the changelog, and the text of the licence is there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project["version"] == __version__
    assert f"## [{__version__}]" in DOCUMENTS["CHANGELOG.md"]
    assert citation["license"] == project["license"] == "Apache-2.0"
    (licence,) = project["license-files"]
    text = (ROOT / licence).read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "APPENDIX: How to apply the Apache License to your work." in text
