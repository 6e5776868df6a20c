"""Measures what it costs to list a folder of images and to take its fingerprint."""

import argparse
import os
import tempfile
import time
from pathlib import Path

from bench.contracts.data import Places
from bench.data.image_folder import ImageFolder
from bench.machine.digests import SETTLED_NS

CLASSES = 100
SIZE = 3000
"""Bytes of a file. They are hashed, never decoded."""


def write(root: Path, count: int) -> None:
    """Write so many files, a fifth of them for testing; no two are equal."""
    body = os.urandom(SIZE)
    for number in range(count):
        folder = root / ("test" if number % 5 == 0 else "train") / f"class{number // 5 % CLASSES:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"image{number:06d}.png").write_bytes(number.to_bytes(8, "big") + body)


def main() -> None:
    """Print processor and elapsed seconds of the first fingerprint, of the next one, and of listing alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder, "images"), None, Path(folder, "cache"))
        assert places.data_dir is not None
        write(places.data_dir, count)
        time.sleep(2 * SETTLED_NS / 1e9)
        asked = {"cold": ImageFolder().fingerprint, "warm": ImageFolder().fingerprint, "list": ImageFolder().load}
        for what, ask in asked.items():
            processor, elapsed = time.process_time(), time.perf_counter()
            ask(places)
            used = time.process_time() - processor
            print(f"{what}: {used:.1f} s of one core, {time.perf_counter() - elapsed:.1f} s elapsed")


if __name__ == "__main__":
    main()
