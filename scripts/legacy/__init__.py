"""Parts of the programs around the old engine's database."""
