"""What operators see of a process: whether it is well, what it counts, which version it is."""
