"""From a text to commands, and from their answers to what is said."""
