"""How fast the harness is beside how it is usually done: `python -m tests.tools.perf`, from the repository's root."""
