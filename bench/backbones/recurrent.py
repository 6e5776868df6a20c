"""The recurrent network that reads an image row by row."""

# Apart from sequence.py, which names and checks these networks while a suite is read: there is no torch before a cell.

from collections.abc import Callable

import torch
from torch import nn

CELLS: dict[str, Callable[..., nn.Module]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class RowReader(nn.Module):
    """Maps normalised images (B, 3, S, S) to features (B, D): it reads them from the upper row to the lowest."""

    def __init__(self, cell: str, row: int, width: int, layers: int) -> None:
        super().__init__()
        kind = CELLS[cell]
        # one module each: a stage can be frozen, and what lies before it computed once
        self.layers = nn.ModuleList(kind(width if depth else row, width, batch_first=True) for depth in range(layers))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the last layer's states, averaged over the rows."""
        states = images.permute(0, 2, 3, 1).flatten(2)
        for layer in self.layers:
            states, _ = layer(states)
        return states.mean(1)
