"""Pictures of a summary.

Others import: crossing_maps, figures, pareto_figure, rank_diagram.
"""
