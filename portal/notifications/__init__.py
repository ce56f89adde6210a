"""Composing what people are told, and sending it."""
