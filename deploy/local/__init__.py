"""Runs the whole platform on this machine, with an embedded PostgreSQL and Valkey."""
