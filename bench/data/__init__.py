"""Data sets, label budgets, and inputs as the backbones want them.

Others import: batches, corruptions, decode, duplicates, glyphs, holding_out, joined, own_validation, selection,
splits, transforms, unlabelled.
"""
