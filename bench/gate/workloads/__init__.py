"""Small pieces of the harness's own work, each to be done over and over: what regression checks time and count."""
