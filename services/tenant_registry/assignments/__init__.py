"""Assignments: which admin holds which role where."""
