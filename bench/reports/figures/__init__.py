"""Pictures of a summary.

Others import: accuracy, crossing_maps, drawing, pareto, rank_diagram, sensitivity, trend.
"""
