"""What methods share: frozen features, the one gradient loop, its recipe, solvers, scores of candidates and of features.

Others import: choosing, features, recipe, solvers, training.
"""
