"""Customers: who buys in a shop, and how they log in."""
