"""One view for each question; each reads events and nothing else."""
