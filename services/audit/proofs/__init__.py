"""What proves events."""
