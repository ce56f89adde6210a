"""The bench: speed as ratios within one run, since the machine is shared and noisy."""
