"""Records to answers: rows, verdicts, crossings, labels needed, what to recommend. Nothing here draws or prints.

Others import: against, audit, blocks, crossings, crosstab, label_needs, leaderboard, noise, notes, overtaking,
pareto, reading, recommend, rows.columns, rows.phase_memory, rows.rows, rows.trials, scores, standings, starts,
summary, verdicts.
"""
