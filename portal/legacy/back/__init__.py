"""The way back: what was decided here, as rows of the old engine, had it done everything right."""
