"""Cells that differ in nothing but their seed, as one row: means with intervals, and what else a row tells.

Others import: columns, gpu_states, phase_memory, rows, trials.
"""
