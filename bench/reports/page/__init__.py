"""The report as one page for a browser.

Others import: cell_pages, cell_table, chart_data, crossover_map, plain_json, short_answer.
"""
