"""What pages ask: plain frozen records, each from a few statements that an index serves."""
