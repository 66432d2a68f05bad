"""Commands that record: facts, orders, the catalog, files of commands."""
