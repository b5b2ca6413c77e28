"""The category tree that shoppers browse."""
