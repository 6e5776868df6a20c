"""Measurements of a cell, one per file; each returns fields of the record.

Others import: nothing.
"""
