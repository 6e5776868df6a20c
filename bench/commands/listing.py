"""What there is of each kind, by name, with a line about it."""

import fnmatch
from collections.abc import Mapping

import yaml

from bench import catalog
from bench.registry import Entry, Registry
from bench.suites.suite import suite_names, suite_path

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
    "workloads": catalog.WORKLOADS,
}


def names_of(kind: str, pattern: str = "*") -> dict[str, str]:
    """Return the names of a kind that match a glob, each with its description; backbones have none."""
    if kind == "suites":
        return {name: about_suite(name) for name in fnmatch.filter(suite_names(), pattern)}
    if kind == "backbones":
        sources = [catalog.BACKBONE_SOURCES.entry(name).load()() for name in catalog.BACKBONE_SOURCES.names()]
        return {name: "" for source in sources for name in source.names(pattern)}
    registry = REGISTRIES[kind]
    return {name: about(registry.entry(name)) for name in registry.names(pattern)}


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
