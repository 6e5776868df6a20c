"""Simulates experiments whose truth is known, and tells how often intervals cover it and tests reject."""

import argparse
import sys
from collections.abc import Callable, Mapping

from tabulate import tabulate

from .curves import crossings, needs
from .families import families, powers
from .figures import Figure
from .means import crossed_means, means
from .pairs import paired

PARTS: Mapping[str, tuple[Callable[[int], list[Figure]], int]] = {
    "means": (means, 20_000),
    "crossed_means": (crossed_means, 5_000),
    "paired": (paired, 2_000),
    "families": (families, 500),
    "powers": (powers, 250),
    "crossings": (crossings, 1_000),
    "needs": (needs, 2_000),
}
"""Each part with its number of experiments."""


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.simulations", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--share", type=float, default=1.0, help="of the experiments, as in 0.1 for a tenth")
    asked = parser.parse_args()
    lines = []
    for name in asked.only:
        print(f"{name} ...", file=sys.stderr)
        simulate, times = PARTS[name]
        lines += [figure.line for figure in simulate(max(20, int(times * asked.share)))]
    headers = ["of", "case", "asked", "found (95 %)", "experiments"]
    print(tabulate(lines, headers, tablefmt="pipe", disable_numparse=True))


if __name__ == "__main__":
    main()
