"""Views folded from the ledger, one module for each question."""
