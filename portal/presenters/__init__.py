"""Records and states put into the words and shapes that pages show."""
