"""What `report.html` is made of: its template, style and scripts, and what Python hands to them."""
