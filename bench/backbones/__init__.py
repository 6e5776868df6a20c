"""Networks without their classifiers, and the weights that they start from.

Others import: boundary, building, overlap, sources, stage_outputs, weights_name.
"""
