"""Questions: what is there, what runs out, what to order, what the numbers advise."""
