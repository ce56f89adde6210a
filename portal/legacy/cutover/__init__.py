"""The cutover of the schema: the old engine's tables leave gloria_ops, and may come back.

`running` is the command, `refusing` what speaks against it, `chain` its place among the revisions,
`schema` the statements of the revision itself, `backup` the dump before it, `purging` the end.
"""
