"""What this computer is, and what it keeps between runs.

Others import: cache, devices, environment, filling, housekeeping, timing.
"""
