"""From a page of YAML to cells.

Others import: choices, plan, suite, workload_suite.
"""
