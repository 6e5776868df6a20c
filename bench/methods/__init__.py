"""Ways to transfer a backbone, one per file, in the families of docs/methods.md.

Torch is imported when a method runs, so that suites validate without it.

Others import: nothing.
"""
