"""Pages about one request: asking, reading, changing, and what people do with it as a whole."""
