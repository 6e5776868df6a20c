"""The run around the cells: what is missing, what they share, where they run, who is told.

Others import: overview, own_executor, planning, progress, resume, run.
"""
