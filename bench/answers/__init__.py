"""Records to answers: rows, verdicts, crossings, labels needed, what to recommend. Nothing here draws or prints.

Others import: crossings, crosstab, label_needs, leaderboard, pareto, reading, recommend, rows.columns, rows.noise,
rows.phase_memory, rows.rows, rows.scores, summary, verdicts.
"""
