"""Roles: those that Souk ships, and those that a tenant makes within its ceiling."""
