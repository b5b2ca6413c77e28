"""Domains: which host belongs to which tenant, and lookups by host."""
