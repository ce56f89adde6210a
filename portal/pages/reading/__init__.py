"""What single pages read out of records: facts, the course of a request, its audit trail."""
