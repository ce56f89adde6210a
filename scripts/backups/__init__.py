"""A backup is a folder: the database as one moment saw it, attached files, keys, and a manifest
that says what is in it and how much. See docs/deployment.md.
"""
