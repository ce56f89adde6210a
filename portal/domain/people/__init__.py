"""People as the rules see them: the directory, permissions, delegation, reassignment, absence."""
