"""Training images outside the label budget are looked at, without their labels.

Others import: nothing.
"""
