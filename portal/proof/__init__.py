"""What proves the record: database roles, the sealed log, its anchors, verification, packs."""
