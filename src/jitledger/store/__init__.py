"""The event store: codec, recorders, group-commit writer, scan, seals."""
