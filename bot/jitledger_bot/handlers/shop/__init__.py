"""The shop itself: products, people, settings."""
