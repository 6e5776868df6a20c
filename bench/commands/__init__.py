"""The verbs: parse, call one function, print.

Others import: answers, cache, duel, gate, inventory, runs.
"""
