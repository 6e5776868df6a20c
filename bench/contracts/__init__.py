"""What each kind of extension must offer, and what it is given.

Others import: data, networks, reports, training.
"""
