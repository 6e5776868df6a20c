"""The sections of a report, one per file: each asks the summary for the answers that it shows.

Others import: nothing.
"""
