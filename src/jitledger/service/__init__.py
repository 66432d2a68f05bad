"""Commands, projections driver, queries, importers and alerts."""
