"""Domains: which host belongs to which tenant, and the answer to who owns a host."""
