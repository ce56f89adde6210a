"""Telling other programs: the outbox of webhooks, and delivering them by guarded connections."""
