"""The shop's own sales under other ways to order."""
