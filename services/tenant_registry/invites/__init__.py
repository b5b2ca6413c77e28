"""Invites: roles that wait for somebody."""
