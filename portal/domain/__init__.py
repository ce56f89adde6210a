"""The rules of an approval, pure: standard library only, no clock, no randomness, no I/O."""
