"""YAML of a stranger, composed within limits: how deep it nests, and how much it is with its aliases written out."""

import re
from typing import Any, NamedTuple

import yaml

MOST_VALUES = 50_000
"""Values and keys of a text, aliases written out; 64 characters of a longer one count as one more."""
DEPTH = 32
"""Levels of lists and mappings within one another."""
CHARACTERS = 64


class _Size(NamedTuple):
    """What an alias of a node would add where it stands."""

    values: int
    levels: int


class LimitedLoader(yaml.SafeLoader):
    """Safe loading by some rules of YAML 1.2: `1e-3` is a number; `on`, `2020-01-01` and `=` are text.

    What is nested too deep, is too much, or holds itself is refused while it is composed, before it takes memory.
    """

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._sizes: dict[int, _Size] = {}
        self._values = 0
        self._depth = 0
        self._levels = [0]
        """Of each node that is being composed, the levels below it that are known so far; the last is the innermost."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node, or raise `MarkedYAMLError` at the place where a limit is passed."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self._enter(event)
        before = self._values
        node = super().compose_node(parent, index)
        if isinstance(event, yaml.AliasEvent):
            self._write_out(event, node)
        else:
            text = len(node.value) if isinstance(node, yaml.ScalarNode) else 0
            self._count(event, 1 + text // CHARACTERS)
        below = self._levels.pop()
        self._levels[-1] = max(self._levels[-1], below + 1)
        self._depth -= 1
        if event.anchor and not isinstance(event, yaml.AliasEvent):
            self._sizes[id(node)] = _Size(self._values - before, below)
        return node

    def _enter(self, event: Any) -> None:
        self._depth += 1
        self._levels.append(0)
        if self._depth > DEPTH:
            raise _refused(event, f"more than {DEPTH} levels of lists and mappings within one another")

    def _write_out(self, event: Any, node: Any) -> None:
        """Count what an alias stands for."""
        size = self._sizes.get(id(node))
        if size is None:  # still being composed
            raise _refused(event, f"*{event.anchor[:40]} stands within itself; a value can't hold itself")
        self._levels[-1] = size.levels
        if self._depth + size.levels > DEPTH:
            raise _refused(event, f"more than {DEPTH} levels of lists and mappings, aliases (*) written out")
        self._count(event, size.values)

    def _count(self, event: Any, values: int) -> None:
        self._values += values
        if self._values > MOST_VALUES:
            raise _refused(event, f"more than {MOST_VALUES:,} values, aliases (*) written out")


def _refused(event: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


# PyYAML follows YAML 1.1: `on`, `off`, `yes` and `no` are booleans there, dates are no text, and an exponent needs a
# point and a sign
_BOOLEAN = "tag:yaml.org,2002:bool"
_NOT_TAKEN = (_BOOLEAN, "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
LimitedLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _NOT_TAKEN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
LimitedLoader.add_implicit_resolver(_BOOLEAN, re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
LimitedLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)
