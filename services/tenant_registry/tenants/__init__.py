"""Tenants: their fields and their lifecycle."""
