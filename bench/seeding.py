"""Seeds derived from names, so that adding a cell to a suite moves no other cell's numbers."""

import hashlib


def derive(*names: object) -> int:
    """Return a seed in 0 to 2**63 - 1 that depends on the names and on nothing else."""
    text = "\x1f".join(str(name) for name in names)  # a separator, so that "ab", "c" are not "a", "bc"
    # no `hash`, which each process salts anew
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
