"""The only writers of the record and its projections, and the finder of routes."""
