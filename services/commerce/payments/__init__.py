"""Payments: providers that are called, and what is agreed with them."""
