"""Ways to make initial weights, one per file.

Torch is imported when one is trained, so that suites validate without it: that is why functions import it.

Others import: pretrained.
"""
