"""Paths that no system could open, told before anybody tries. Pure but for the names of users."""

import pwd
import re
from pathlib import PurePath

from bench.suites.wording import quoted

MOST_PATH, MOST_PART = 4095, 255
"""Bytes of a path, and of a name in it, that systems take."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def fault_of_path(path: str) -> str | None:
    """Say why a path can't be opened anywhere; null where it could be. What lies there is another question."""
    parts = [part.encode("utf-8", "surrogateescape") for part in PurePath(path).parts]
    if _CONTROL.search(path):
        return f"{quoted(path)} holds a control character; write another path"
    if len(path.encode("utf-8", "surrogateescape")) > MOST_PATH or max(map(len, parts), default=0) > MOST_PART:
        return f"{quoted(path)} is too long for a path; write a shorter one"
    return None


def fault_of_home(path: str) -> str | None:
    """Say why `~somebody` at the beginning of a path means no folder here; null where it does, or isn't there."""
    first = path.partition("/")[0]
    if not first.startswith("~") or first == "~":
        return None
    try:
        pwd.getpwnam(first[1:])
    except KeyError:
        return f"{quoted(path)}: no user is called {quoted(first[1:])} here; write the folder in full"
    return None
