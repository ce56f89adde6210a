"""Blueprints, one for each noun; thin: guard, form, service, redirect or render."""
