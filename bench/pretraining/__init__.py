"""Ways to make initial weights, one per file.

Others import: pretrained.
"""
