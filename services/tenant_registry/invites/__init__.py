"""Invites: roles offered by mail that wait to be accepted."""
