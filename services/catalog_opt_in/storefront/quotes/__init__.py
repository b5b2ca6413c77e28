"""What variants cost, and whether they are sold."""
