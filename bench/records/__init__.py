"""What is kept of a run, and how it is read again.

Others import: correctness, curves, filtering, identity, record, store.
"""
