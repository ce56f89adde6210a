"""What runs beside requests in a worker: the relay, watches of people, dispatch, reconciliation."""
