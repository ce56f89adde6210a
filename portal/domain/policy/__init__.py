"""Policies and forms as data: stages, checks, differences, moving to a newer version."""
