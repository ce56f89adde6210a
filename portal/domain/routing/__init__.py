"""Who must decide next and why: rules, plans, and routing an open stage again."""
