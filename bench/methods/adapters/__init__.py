"""Few new parameters learn: what is put around or beside the frozen parts of a backbone.

Others import: adapting.
"""
