"""Has it become worse? Records against records, and one version of the harness against another.

Others import: baselines, change_points, changes, comparability, compare, duel.asking, duel.bisection, duel.measured,
duel.verdict, history, quantities, rules, samples, sides.
"""
