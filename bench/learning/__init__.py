"""What methods share: frozen features, the one gradient loop, its recipe, solvers, scores of features.

Others import: features, recipe, solvers, training.
"""
