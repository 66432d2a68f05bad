"""How views follow the log: written with it, caught up, rebuilt."""
