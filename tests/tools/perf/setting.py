"""What a row works with: what was asked for, where images and weights lie, a place to write, a word on progress."""

import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Side = TypeVar("Side")
Sizes = TypeVar("Sizes")


@dataclass(frozen=True)
class Setting:
    """One call of `python -m tests.tools.perf`."""

    data_dir: Path | None
    """Parent of `cifar10/{train,test}/<class>/*.png`; null: images are drawn."""
    weights_dir: Path | None
    """Holds `<backbone>.safetensors`; null: random weights."""
    quick: bool
    """Everything shrunk: shows that the rows run, says nothing of speed."""
    full: bool
    """Nothing is scaled up from a part."""
    rounds: int | None
    """Rounds of each row; null: each row's own number."""
    scratch: Path
    """A temporary folder."""

    @property
    def mode(self) -> dict[str, object]:
        """What results must share to stand in one table."""
        data = "cifar10" if self.data_dir else "drawn characters"
        return {
            "quick": self.quick,
            "full": self.full,
            "images": data,
            "weights": "given" if self.weights_dir else "random",
        }

    def sizes(self, whole: Sizes, quick: Sizes) -> Sizes:
        """Return the sizes of the work that was asked for."""
        return quick if self.quick else whole

    def weights_of(self, backbone: str) -> Path | None:
        """Return the file with a backbone's weights; null where random ones have to do."""
        path = self.weights_dir / f"{backbone}.safetensors" if self.weights_dir else None
        return path if path is not None and path.is_file() else None

    def folder(self, name: str) -> Path:
        """Make a folder that nobody has used yet."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.scratch))


def tell(text: str) -> None:
    """Say on stderr what has been measured."""
    print(f"perf: {text}", file=sys.stderr, flush=True)


def take_turns(
    setting: Setting,
    row: str,
    rounds: int,
    sides: Mapping[str, Callable[[], Side]],
    figure: Callable[[Side], str],
) -> dict[str, list[Side]]:
    """Measure each side once a round, A B B A and so on, and return what each round gave; `figure` puts it in words."""
    asked = setting.rounds or (1 if setting.quick else rounds)
    found: dict[str, list[Side]] = {name: [] for name in sides}
    for turn in range(asked):
        for name in list(sides) if turn % 2 == 0 else list(sides)[::-1]:
            found[name].append(sides[name]())
            tell(f"{row}, round {turn + 1} of {asked}: {name} {figure(found[name][-1])}")
    return found
