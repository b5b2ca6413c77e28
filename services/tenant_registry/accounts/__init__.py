"""Accounts: an admin's own password and second factor."""
