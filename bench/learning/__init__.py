"""What methods share: frozen features, the one gradient loop, its recipe, solvers, scores.

Others import: choosing, features, recipe, solvers, training.
"""
