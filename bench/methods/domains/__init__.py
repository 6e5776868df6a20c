"""From a labelled source of the same classes to a target without labels.

Others import: from_source.
"""
