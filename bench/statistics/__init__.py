"""Pure, on numbers: intervals, paired tests, variance, curves, ranks.

Others import: calibration, intervals, learning_curves, paired, ranking, variance.
"""
