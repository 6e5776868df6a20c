"""Where cells run: each executor takes a function and arguments, and gives the same values.

Others import: nothing.
"""
