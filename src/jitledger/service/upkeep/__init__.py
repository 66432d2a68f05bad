"""Keeping a shop well: how it is doing, what was set aside, what is let go in time."""
