"""Who is here, what they may do, and what the portal refuses before a page sees it."""
