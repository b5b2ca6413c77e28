"""Souk's services, one folder each, and the kernel that they share."""
