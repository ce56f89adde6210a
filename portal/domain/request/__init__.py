"""One approval request: its state, the commands it takes, the events they become, and its rules."""
