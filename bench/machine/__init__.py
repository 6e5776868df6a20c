"""What this computer is, and what it keeps between runs.

Others import: cache, devices, digests, environment, fingerprints, housekeeping, shared_arrays, timing.
"""
