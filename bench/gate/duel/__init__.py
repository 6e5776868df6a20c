"""Two versions of the harness against each other on one machine: which work grew, which became slower or larger.

Others import: asking, bisection, measured, verdict.
"""
