"""Souk's services, one folder each, and the kernel they share."""
