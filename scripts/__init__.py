"""Programs that people run, and the Python under them."""
