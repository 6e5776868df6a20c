"""The gate on records: is a run worse than another, a saved baseline or a benchmark file? Nothing here runs a cell."""
