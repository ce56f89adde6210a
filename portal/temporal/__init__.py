"""The one door to the Temporal server."""
