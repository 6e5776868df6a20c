"""From a page of YAML to cells.

Others import: choices, paths, plan, prices, requirements, suite, wording, workload_suite.
"""
