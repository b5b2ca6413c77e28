"""Products that belong together for a shopper."""
