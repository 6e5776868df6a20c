"""The formats of a report, one per file.

Others import: nothing.
"""
