"""What is kept of a run, and how it is read again.

Others import: correctness, curves, field_types, filtering, identity, lines, manifest, plausible, record, store.
"""
