"""The shipped test kit: stories, clocks, a simulated shop."""
