"""What is asked for: each report reads the planning and the views."""
