"""The tree by which shoppers browse."""
