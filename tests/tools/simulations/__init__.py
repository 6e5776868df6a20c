"""Do the intervals cover, and do the tests hold their level? `python -m tests.tools.simulations` tells."""
