"""Decisions on tasks, what the votes of a stage amount to, and how a stage ends."""
