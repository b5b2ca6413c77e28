"""Roles: the built-in ones, and those that a tenant defines within limits."""
