"""Reads of what products are found by."""
