"""A demonstration organisation: people, groups, request types, policies, a believable past."""
