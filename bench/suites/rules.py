"""Globs by key, as `exclude` and `--filter` write them. Pure."""

import fnmatch
import re
from collections.abc import Mapping, Sequence

Rule = Mapping[str, Sequence[str]]
"""Globs by key; a cell must fit one of each key's."""


class AnyOf:
    """Rules that are held against many cells: each value of a key against all the rules at once, and only once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._all = (1 << len(rules)) - 1
        self._patterns: dict[str, list[tuple[int, re.Pattern[str]]]] = {}
        for position, rule in enumerate(rules):
            for key, globs in rule.items():
                pattern = re.compile("|".join(fnmatch.translate(glob) for glob in globs))
                self._patterns.setdefault(key, []).append((1 << position, pattern))
        self._without = {key: self._all & ~sum(bit for bit, _ in patterns) for key, patterns in self._patterns.items()}
        self._known: dict[tuple[str, tuple[str, ...]], int] = {}

    def fits(self, values: Mapping[str, tuple[str, ...]]) -> bool:
        """Say whether one of the rules has, for each of its keys, a glob that fits one of the values of the key."""
        left = self._all
        for key in self._patterns:
            if not left:
                return False
            left &= self._rules(key, values.get(key, ()))
        return left != 0

    def _rules(self, key: str, values: tuple[str, ...]) -> int:
        """Return the rules, a bit for each, that nothing of a key's values speaks against."""
        known = (key, values)
        if known not in self._known:
            fitting = sum(bit for bit, pattern in self._patterns[key] if any(pattern.match(value) for value in values))
            self._known[known] = self._without[key] | fitting
        return self._known[known]
