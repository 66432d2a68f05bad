"""What else the numbers say: what to move, clear, count, reprice."""
