"""Programs for maintainers that are no tests: speed, the power of the gate, simulations, large runs."""
