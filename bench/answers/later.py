"""Sequences that are made when somebody first looks at them. Pure."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar, overload

Item = TypeVar("Item")


class Later(Sequence[Item]):
    """What takes long and what not every reader wants: a summary of a large run has much of it."""

    def __init__(self, make: Callable[[], Iterable[Item]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> tuple[Item, ...]:
        return tuple(self._make())

    @overload
    def __getitem__(self, place: int) -> Item: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Item, ...]: ...

    def __getitem__(self, place: int | slice) -> Item | tuple[Item, ...]:
        """Return an item, or some."""
        return self._made[place]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._made)

    def __eq__(self, other: Any) -> bool:
        """Say whether the items are equal, also those of a tuple."""
        return isinstance(other, Later | tuple) and self._made == tuple(other)

    def __hash__(self) -> int:
        """Return the hash of the items."""
        return hash(self._made)
