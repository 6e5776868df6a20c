"""One cell, from its identity to its record.

Others import: arithmetic, cell, job, profiling.
"""
