"""Caching: an LRU, one flight per missing entry, and Redis."""
