"""Saved histories: today's code has to replay them exactly."""
