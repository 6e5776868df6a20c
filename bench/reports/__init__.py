"""Renderings of a summary, one per file; none computes anything."""
