"""How fast the harness is beside the way it is usually done: `python -m tests.perf`, from the repository's root."""
