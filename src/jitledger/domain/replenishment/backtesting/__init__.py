"""Policies replayed over a history, and what each costs (REPLENISHMENT.md 7)."""
