"""The backbone stays as it is; a classifier is put on its features.

Others import: probing.
"""
