"""Prices of a tenant's that hold for a time, or for some customers."""
