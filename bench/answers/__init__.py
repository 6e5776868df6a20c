"""Records to answers: rows, verdicts, crossings, labels needed, what to recommend. Nothing here draws or prints.

Others import: blocks, crosstab, differences, leaderboard, overtaking, reading, rows.columns, rows.gpu_states,
rows.phase_memory, rows.rows, rows.trials, starts, summary, verdicts.
"""
