"""Taxes: where a tenant charges them, at which rates, and what a cart has of these."""
