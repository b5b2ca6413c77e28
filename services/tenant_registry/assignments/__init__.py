"""Assignments: which admin holds which role where, and what giving or taking one changes."""
