"""What regression checks found, as text, tables and pictures.

Others import: baseline, comparison, duel, trends.
"""
