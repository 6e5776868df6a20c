"""Measurements that cells share which differ in seed, weights or budget only, one per file.

Others import: nothing.
"""
