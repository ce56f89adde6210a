"""Talking to chat services by apprise: sealed addresses, guarded connections, one message each."""
