"""What this computer is, and what it keeps between runs.

Others import: cache, devices, digests, environment, fingerprints, housekeeping, reading, shared_arrays, timing,
writing.
"""
