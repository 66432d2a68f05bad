"""Ordering: how much, on which days, from which place, and what can be promised."""
