"""One cell, from its identity to its record.

Others import: cell, job, profiling.
"""
