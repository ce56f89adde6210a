"""What people do: checks, then a command row."""
