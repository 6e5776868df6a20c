"""Ways to transfer a backbone, one per file.

Torch is imported when a method runs, so that suites validate without it.
"""
