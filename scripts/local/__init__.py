"""PostgreSQL and Temporal from wheels, for ./scripts/run, the tests and the bench."""
