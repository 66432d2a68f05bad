"""Reorder alerts: raised with the movement, put off, told again, and quiet after an import."""
