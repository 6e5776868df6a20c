"""What may look on while a loop trains, and changes nothing of it."""

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from bench.data.batches import Inputs


class Watch:
    """Looks at nothing: what every cell's own training has. The profile of a cell has watches that do look."""

    last_step: int | None = None
    """The loop ends after so many steps; null: after all of them."""

    def inputs(self, inputs: "Inputs") -> "Inputs":
        """Return what the loop reads its batches from."""
        return inputs

    def mark(self, part: str) -> None:
        """Hear that a step begins (`begin`), or that a part of it is done.

        The parts are `data`, `copy`, `forward`, `backward` and `optimiser`.
        """

    def forward(self, module: "torch.nn.Module") -> contextlib.AbstractContextManager[None]:
        """Return what the forward pass and its loss run in."""
        return contextlib.nullcontext()

    def stepped(self, module: "torch.nn.Module", optimizer: "torch.optim.Optimizer") -> None:
        """See module and optimiser after a step, gradients still there."""
