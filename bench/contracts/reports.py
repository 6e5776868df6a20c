"""What a format of reports must offer."""

from pathlib import Path
from typing import Any, Protocol


class Report(Protocol):
    """One rendering of a summary."""

    def __call__(self, summary: Any, folder: Path) -> str | bytes:
        """Return the text, or the bytes of a binary file; pictures that it shows are written to `folder`."""
