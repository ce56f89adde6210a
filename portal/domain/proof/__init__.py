"""The log that proves the record: entries, the Merkle tree over them, signed checkpoints."""
