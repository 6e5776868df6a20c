"""Tables of a summary, as text.

Others import: answer, beyond_tables, booktabs, explanations, grids, label_tables, noise_tables, pareto_table, pipes,
rank_tables, tables, verdict_tables.
"""
