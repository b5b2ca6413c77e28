"""Tenants: what they are, and where they are in their life."""
