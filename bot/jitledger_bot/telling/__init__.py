"""What is said unasked: alerts, lists that change, the morning."""
