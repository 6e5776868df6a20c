"""What each kind of extension must offer, and what it is given.

Others import: data, kinds, networks, reports, training.
"""
