"""Data sets, label budgets, and images as the backbones want them."""
