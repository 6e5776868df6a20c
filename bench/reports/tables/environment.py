"""The machines that a run had, in words."""

import collections
from collections.abc import Sequence

from bench.answers.summary import Summary


def environment_rows(summary: Summary) -> Sequence[str]:
    """One line per fact of each environment."""
    lines = []
    for key, kept in summary.environments.items():
        env = collections.defaultdict(lambda: "unknown", kept)  # another version of the harness may have kept less
        gpu = env.get("gpu")
        packages = ", ".join(f"{name} {version}" for name, version in env.get("packages", {}).items() if version)
        lines += [
            f"`{key}`: {env['processor']}, {env['cores']} cores, {env['memory_gib']} GiB, {env['system']}",
            f"device {env['device']}"
            + (f": {gpu['name']}, {gpu['memory_gib']} GiB, CUDA {gpu['cuda']}, driver {gpu['driver']}" if gpu else ""),
            f"Python {env['python']}, {packages}",
            f"commit {env['commit'] or 'unknown'}",
        ]
    return lines
