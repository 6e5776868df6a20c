"""The verbs of `bench cache`."""

import datetime
import json
from collections.abc import Sequence
from pathlib import Path

import click

from bench.commands.options import AS_JSON
from bench.errors import BenchError, Unwritable
from bench.machine.cache import default_root
from bench.machine.housekeeping import Entry, detours, entries, limit_bytes, matching, readable, remove


@click.group("cache")
def cache_group() -> None:
    """See and clear what is kept between runs: decoded images, frozen features, own weights, trials of precision.

    Runs keep it under BENCH_CACHE_LIMIT (20GiB where that is not set), least recently used first.
    """


@cache_group.command("ls")
@AS_JSON
def cache_ls(as_json: bool) -> None:
    """List what is kept, least recently used first."""
    found = entries(default_root())
    if as_json:
        rows = [
            {"kind": e.kind, "name": e.name, "bytes": e.size, "used_at": e.used_at, "label": e.label} for e in found
        ]
        click.echo(json.dumps(rows, indent=1))
        return
    for entry in found:
        used = datetime.datetime.fromtimestamp(entry.used_at).isoformat(" ", "minutes")
        click.echo(f"{entry.kind:8}  {entry.name}  {readable(entry.size):>9}  {used}  {entry.label}")
    for path in detours(default_root()):
        click.echo(f"{path}: no folder of the cache's own, left alone; remove it", err=True)
    total = readable(sum(entry.size for entry in found))
    click.echo(f"{len(found)} entries, {total} of at most {readable(limit_bytes())} in {default_root()}")


@cache_group.command("rm")
@click.argument("patterns", nargs=-1, metavar="[KIND|NAME|LABEL-GLOB]...")
@click.option("--all", "everything", is_flag=True, help="Remove all that is kept.")
def cache_rm(patterns: Sequence[str], everything: bool) -> None:
    """Remove what fits: a kind (decoded, features, weights, trials), the beginning of a name, or a glob of labels."""
    if bool(patterns) == everything:
        raise BenchError("cache rm: name what to remove (`bench cache ls` lists it), or write --all")
    root = default_root()
    found = entries(root)
    gone = found if everything else matching(found, patterns)
    kept = [why for entry in gone if (why := _kept(root, entry)) is not None]
    if kept:
        raise BenchError(f"cache {kept[0]}" + (f" ({len(kept)} entries stay)" if len(kept) > 1 else ""))
    click.echo(f"{len(gone)} entries removed, {readable(sum(entry.size for entry in gone))}")


def _kept(root: Path, entry: Entry) -> str | None:
    """Remove an entry; return why it stays, null where it is gone."""
    try:
        remove(root, entry)
    except Unwritable as error:
        return str(error)
    return None
