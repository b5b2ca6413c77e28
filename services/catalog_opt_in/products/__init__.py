"""The master catalogue's products."""
