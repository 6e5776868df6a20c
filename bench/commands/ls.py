"""`bench ls`: what there is of each kind, by name, with a line about it."""

import fnmatch
import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
import yaml

from bench import catalog
from bench.commands.options import AS_JSON
from bench.errors import BenchError
from bench.modules import guarded, tell
from bench.registry import Entry, Registry
from bench.suites.suite import suite_names, suite_path

KINDS = (
    *("backbones", "datasets", "methods", "suites", "pretraining", "selections"),
    *("sources", "probes", "profiles", "scores", "executors", "reports"),
    *("answers", "sections", "workloads"),
)
"""In the order in which the help names them."""
REGISTRIES: Mapping[str, Registry] = {
    "datasets": catalog.DATASETS,
    "methods": catalog.METHODS,
    "pretraining": catalog.PRETRAINING,
    "selections": catalog.SELECTIONS,
    "sources": catalog.BACKBONE_SOURCES,
    "probes": catalog.PROBES,
    "profiles": catalog.PROFILES,
    "scores": catalog.SCORES,
    "executors": catalog.EXECUTORS,
    "reports": catalog.REPORTS,
    "answers": catalog.ANSWERS,
    "sections": catalog.SECTIONS,
    "workloads": catalog.WORKLOADS,
}
"""The kinds whose names stand in the catalogue: all but backbones and suites."""


@click.command("ls")
@click.argument("kind", type=click.Choice(KINDS), required=False, metavar="[KIND]")
@click.argument("pattern", default="*", metavar="[GLOB]")
@AS_JSON
def list_names(kind: str | None, pattern: str, as_json: bool) -> None:
    """List what there is, one name a line: of all kinds (of backbones the usual ones), or of one.

    \b
    KIND is backbones, datasets, methods, suites, pretraining, selections,
    sources, probes, profiles, scores, executors, reports, answers, sections
    or workloads.
    """
    if kind is None:
        everywhere = everything()
        _show(everywhere, [(each, *named) for each, names in everywhere.items() for named in names.items()], as_json)
        return
    found = names_of(kind, pattern)
    if not found and not as_json:
        raise BenchError(f"no {kind} fit {pattern!r}; quote a glob, as in '*resnet*'")
    _show(found, list(found.items()), as_json)


def _show(found: Mapping[str, Any], rows: Sequence[Sequence[str]], as_json: bool) -> None:
    """Print what was found as JSON, or its rows in columns."""
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(map(str.ljust, row, widths)).rstrip())


def names_of(kind: str, pattern: str = "*") -> dict[str, str]:
    """Return the names of a kind that match a glob, each with its description; backbones have none."""
    if kind == "suites":
        return {name: about_suite(name) for name in fnmatch.filter(suite_names(), pattern)}
    if kind == "backbones":
        return {name: "" for source in sorted(catalog.BACKBONE_SOURCES.names()) for name in _networks(source, pattern)}
    registry = REGISTRIES[kind]
    return {name: about(registry.entry(name)) for name in registry.names(pattern)}


def _networks(source: str, pattern: str) -> Sequence[str]:
    """Return the names of a source's networks that match a glob; a plug-in that can't give them is told."""
    entry = catalog.BACKBONE_SOURCES.entry(source)
    made: Any = None
    try:
        made = entry.call()
        return made.names(pattern) if entry.fault is None else guarded(source, lambda: [*map(str, made.names(pattern))])
    except BenchError as error:
        if entry.fault is None:
            raise
        tell(f"backbones of {source} are left out: {error}")
        return ()


def everything() -> dict[str, dict[str, str]]:
    """Return the names of all kinds; of backbones the usual ones, since asking the libraries takes seconds."""
    usual = dict.fromkeys(sorted(catalog.KNOWN_BACKBONES), "")
    return {"backbones": usual, "suites": names_of("suites"), **{kind: names_of(kind) for kind in REGISTRIES}}


def about(entry: Entry) -> str:
    """Return an entry's description, with the extra that it needs where that is not here."""
    return f"{entry.description} (needs the extra {entry.lacks})" if entry.lacks else entry.description


def about_suite(name: str) -> str:
    """Return a suite's description, in one line."""
    description = yaml.safe_load(suite_path(name).read_text()).get("description", "")
    return " ".join(str(description).split())
