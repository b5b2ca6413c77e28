"""Reads of parts of products: variants and options."""
