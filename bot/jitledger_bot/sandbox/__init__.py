"""A local Bot API server, a chat in the browser, and a living sample shop."""
