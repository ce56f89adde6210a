"""The old workflow engine: reading it, mapping it, moving it, the cutover and the way back."""
