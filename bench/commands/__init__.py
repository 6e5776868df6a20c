"""The verbs: parse, call one function, print.

Others import: nothing.
"""
