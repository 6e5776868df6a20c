"""Small pieces of the harness's own work, each to be done over and over: what a duel times and counts.

Others import: conditions.
"""
