"""From a page of YAML to cells.

Others import: choices, plan, prices, requirements, suite, workload_suite.
"""
