"""Renderings of what answers give; they compute nothing.

Others import: checks.baseline, checks.comparison, checks.duel, checks.trends, figures.trend, reporting, tables.grids.
"""
