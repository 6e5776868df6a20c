"""The sections of a report: those of the catalogue, and a user's own, in every format that shows sections."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench import registry
from bench.answers.summary import Summary, summarise
from bench.catalog import SECTIONS
from bench.contracts.reports import Section
from bench.modules import PlugIn
from bench.reports.formats.html import shown_sections
from bench.reports.sectioning import sections_of
from tests.material import compared
from tests.material.examples import a_record
from tests.material.summaries import MANIFEST, PROFILED, UNFINISHED, a_summary, render

SUMMARIES: dict[str, Callable[[], Summary]] = {
    "compared": compared.a_summary,
    "drawn apart": compared.apart,
    "with more": lambda: a_summary(PROFILED, UNFINISHED),
    "a single cell": lambda: summarise([a_record()], {}),
    "no number": lambda: summarise([UNFINISHED], MANIFEST),
    "nothing": lambda: summarise([], {}),
}


@pytest.fixture(scope="module", params=SUMMARIES)
def sections(request: pytest.FixtureRequest) -> dict[str, Section]:
    return sections_of(SUMMARIES[request.param]())


@pytest.mark.parametrize("name", SECTIONS.names())
def test_each_section_of_the_catalogue_is_one_whatever_the_run(name: str, sections: dict[str, Section]) -> None:
    """Its tables are whole: a text for each head, and never without a line."""
    section = sections[name]
    assert isinstance(section, Section)
    assert section.title
    for captioned in section.tables:
        headers, cells = captioned.table
        assert cells
        assert {len(line) for line in cells} == {len(headers)}
        assert all(isinstance(text, str) for line in (headers, *cells) for text in line)


def test_sections_stand_in_the_order_of_the_catalogue() -> None:
    found = list(sections_of(a_summary()))
    assert found == sorted(found, key=SECTIONS.position)
    assert (found[0], found[-1]) == ("accuracy", "audit")


def test_titles_are_told_apart(sections: dict[str, Section]) -> None:
    titles = [section.title for section in sections.values()]
    assert len(set(titles)) == len(titles)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sections of another package, one of which has nothing to show."""
    points = [PlugIn(name, f"tests.material.own_sections:{name}", "theirs") for name in ("machines", "nothing")]
    monkeypatch.setattr(registry, "plug_ins", lambda group: points if group == "bench.sections" else [])


@pytest.mark.usefixtures("own")
def test_a_users_own_section_stands_in_the_report_below_the_others(tmp_path: Path) -> None:
    """What has nothing to show is not even named."""
    text = render("md", a_summary(), tmp_path)
    assert text.index("## Audit") < text.index("## Whose cells are these?") < text.index("## Environment")
    assert r"| test_resnet \| &lt;i> | 12    |" in text
    assert "- 4 rows in &lt;all>." in text
    assert "Nothing at all" not in text


@pytest.mark.parametrize("name", ["raises", "no_section", "not_there"])
def test_a_plug_in_that_gives_no_section_is_told_and_hides_no_other(
    name: str, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    points = [PlugIn(each, f"tests.material.own_sections:{each}", "theirs") for each in (name, "machines")]
    monkeypatch.setattr(registry, "plug_ins", lambda group: points if group == "bench.sections" else [])
    assert list(sections_of(a_summary()))[-2:] == ["audit", "machines"]
    (line,) = {str(each.message) for each in recwarn}
    assert f"{name!r}" in line
    assert f"tests.material.own_sections:{name}" in line


@pytest.mark.usefixtures("own")
def test_a_users_own_section_stands_on_the_page(tmp_path: Path) -> None:
    """As text, and with an anchor of its own."""
    assert [each.anchor for each in shown_sections(a_summary())][-1] == "machines"
    page = render("html", a_summary(), tmp_path)
    assert 'id="machines"' in page
    assert "Counted in no time." in page
    assert "4 rows in &lt;all&gt;." in page
    assert "test_resnet | &lt;i&gt;" in page
    assert "Nothing at all" not in page


def test_without_the_other_package_its_section_is_gone() -> None:
    assert set(sections_of(a_summary())) == set(SECTIONS.names())
