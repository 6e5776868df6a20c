"""The summary as Markdown: the sections of the catalogue, with pictures beside the file."""

from collections.abc import Iterator
from pathlib import Path

from bench.answers.notes import notes
from bench.answers.summary import Summary
from bench.contracts.reports import Picture, Section
from bench.reports.sectioning import sections_of
from bench.reports.tables.environment import environment_rows
from bench.reports.tables.pipes import pipe_table


def render(summary: Summary, folder: Path) -> str:
    """Return the report; its pictures are written to `folder`."""
    parts = [f"# {summary.suite}", *_asked(summary)]
    for section in sections_of(summary).values():
        parts += _section(section, folder)
    parts += ["## Environment", "\n".join(f"- {line}" for line in environment_rows(summary))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _asked(summary: Summary) -> Iterator[str]:
    yield summary.description
    yield from (f"**{note}**" for note in summary.ask(notes))
    if summary.missing:
        yield f"**{summary.missing} cells of the suite have not run yet.**"
    if summary.command:
        yield from ("## What was asked", f"`{summary.command}`")
    if summary.suite_text:
        yield f"```yaml\n{summary.suite_text.rstrip()}\n```"


def _section(section: Section, folder: Path) -> list[str]:
    """Return a section's parts; nothing where a text has nothing to show of it."""
    inside = [*_tables(section), "\n".join(f"- {_escaped(line)}" for line in section.lines)]
    inside += _picture(section.picture, folder) if section.picture else []
    if not any(inside):
        return []
    return [f"## {section.title}", section.explanation, *inside]


def _tables(section: Section) -> Iterator[str]:
    for each in section.tables:
        if each.is_heading:
            yield f"### {_escaped(each.caption)}"
        yield pipe_table(*each.table)


def _picture(picture: Picture, folder: Path) -> Iterator[str]:
    path = picture.draw(folder)
    if path is not None:
        yield f"![{picture.alt}]({path.name})"
    yield picture.note


def _escaped(text: str) -> str:
    # a name of the user's may hold a tag, or a line break that would end the list
    return text.replace("<", "&lt;").replace("\n", " ")
