"""What is asked with a button before anything is recorded."""
