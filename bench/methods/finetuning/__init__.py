"""The backbone learns, all of it or a part.

Others import: nothing.
"""
