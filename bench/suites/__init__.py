"""From a page of YAML to cells.

Others import: choices, plan, prices, suite, workload_suite.
"""
