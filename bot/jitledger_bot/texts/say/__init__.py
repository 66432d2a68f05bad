"""Every sentence that is said outside of a list or a card, by room; each is translated once."""
