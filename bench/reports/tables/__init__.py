"""Tables of a summary, as text.

Others import: accuracy, answer, booktabs, environment, formatting, grids, labels, pipes, sentences.
"""
