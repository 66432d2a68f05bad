"""Files as tables: what their bytes hold, read here or in a process of its own."""
